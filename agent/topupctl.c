/*
 * topupctl: the command line. All of it is agent/ctl*.c, so that tests can
 * call it.
 */
#include "agent/ctl.h"

int
main(int argc, char **argv)
{
	return ctl_main(argc, argv);
}
