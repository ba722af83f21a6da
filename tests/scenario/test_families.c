/*
 * Every family of modems, on one shelf: cards by a code, and cards by a text
 * whose verdict is an operator's message. Not one setting is given to the
 * daemon: it finds out what it talks to.
 */
#include "tests/support/shelf.h"

#define BY_CODE(family)                                                        \
	ODD(0, family "_loads_by_code", family,                                \
		.keys = "{\"noise\": true, \"cut\": 9}")
#define BY_TEXT(family)                                                        \
	ODD(0, family "_loads_by_text", family, .operator= TEXTTEL,            \
		.keys = "{\"sms_delay_ms\": [1, 300]}")

static const struct oddity odd[] = {
	BY_CODE("standard"), BY_CODE("huawei"), BY_CODE("me909"),
	BY_CODE("zte"), BY_CODE("qualcomm"), BY_CODE("sierra"),
	BY_CODE("ericsson"), BY_CODE("sonyericsson"), BY_CODE("nokia"),
	BY_CODE("alcatel"), BY_CODE("icera"), BY_CODE("option"),
	BY_CODE("quectel"), BY_CODE("quectel2g"), BY_CODE("simcom"),
	BY_CODE("sim7600"), BY_CODE("a7670"), BY_CODE("ublox"),
	BY_CODE("gm862"), BY_CODE("telit"), BY_CODE("cinterion"),
	BY_CODE("a9g"), BY_CODE("fibocom"), BY_CODE("wavecom"),
	BY_CODE("motorola"), BY_TEXT("standard"), BY_TEXT("huawei"),
	BY_TEXT("me909"), BY_TEXT("zte"), BY_TEXT("qualcomm"),
	BY_TEXT("sierra"), BY_TEXT("ericsson"), BY_TEXT("sonyericsson"),
	BY_TEXT("alcatel"), BY_TEXT("icera"), BY_TEXT("option"),
	BY_TEXT("quectel"), BY_TEXT("quectel2g"), BY_TEXT("simcom"),
	BY_TEXT("sim7600"), BY_TEXT("a7670"), BY_TEXT("ublox"),
	BY_TEXT("gm862"), BY_TEXT("telit"), BY_TEXT("cinterion"),
	BY_TEXT("a9g"), BY_TEXT("fibocom"), BY_TEXT("wavecom"),
	BY_TEXT("motorola"),
	/* nokia: that phone takes and gives no messages. */
};

int
main(void)
{
	return shelf_run("families", odd, sizeof(odd) / sizeof(odd[0]));
}
