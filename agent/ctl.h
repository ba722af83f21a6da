/*
 * ctl: the command line topupctl. It asks the daemon over its socket and
 * shows the answer; only `check` and `audit verify` read files themselves.
 */
#ifndef AGENT_CTL_H
#define AGENT_CTL_H

/* All of topupctl: its exit status (contract). Sets the locale. */
int ctl_main(int argc, char **argv);

#endif
