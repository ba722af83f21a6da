/*
 * fault: what can go wrong with a request, by name.
 * Must never hold a fault that no modem or network has shown.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

/*
 * What can go wrong with a request. Of those up to DEVICE_TIMEOUT at most
 * one strikes, the first that is drawn; those after it change how an answer
 * looks, and several can strike together.
 */
enum device_fault {
	DEVICE_CME_LOCAL,    /* refused at once, nothing goes on air */
	DEVICE_LOSE_REQUEST, /* OK, but the network never sees it */
	DEVICE_NEVER,        /* lose_request or lose_reply, evenly */
	DEVICE_BUSY,         /* the network's text; nothing is executed */
	DEVICE_LOSE_REPLY,   /* executed; no answer comes */
	DEVICE_SILENT,       /* executed; not even OK comes */
	DEVICE_REBOOT,       /* executed; then the device starts anew */
	DEVICE_HANG,         /* executed; then it takes bytes, says nothing */
	DEVICE_VANISH,       /* executed; then the port is gone for a time */
	DEVICE_REPLUG,       /* the port goes and comes, the answer follows */
	DEVICE_CME,          /* executed; a lone +CME ERROR after OK */
	DEVICE_DROPPED,      /* executed; a bare +CUSD: 2 */
	DEVICE_UNSUPPORTED,  /* executed; a bare +CUSD: 4 */
	DEVICE_TIMEOUT,      /* executed; +CUSD: 5 with the code damaged */
	DEVICE_LATE,         /* the answer comes late_ms later */
	DEVICE_TWICE,        /* the answer comes two times */
	DEVICE_GARBLE,       /* bytes of the text are damaged */
	DEVICE_ENDED,        /* the text comes under +CUSD: 2 */
	DEVICE_OPEN,         /* the text comes under +CUSD: 1 */
	DEVICE_STALE,        /* a bare +CUSD: 2 just before the answer */
	DEVICE_RELEASE,      /* a release notice just before the answer */
	DEVICE_QUOTES,       /* quotes inside the text */
	DEVICE_LINES,        /* CR LF, a blank line and OK inside the text */
	DEVICE_UNTERMINATED, /* no closing quote, no dcs */
	DEVICE_SPLICE,       /* an unsolicited line inside the text */
	DEVICE_GLUED,        /* OK+CUSD: ... on one line */
	DEVICE_NO_OK,        /* the answer comes, OK never does */
	DEVICE_NO_DCS,       /* the field is missing */
	DEVICE_ODD_DCS,      /* a letter right behind the dcs */
	DEVICE_NO_QUOTES,    /* no quotes, no dcs, a blank: old E160 */
	DEVICE_DCS17,        /* UCS2 under dcs 17, no language code */
	DEVICE_DCS17_LANG,   /* the same with code, U+0000 and junk after */
	DEVICE_LONG,         /* over 4 KiB of text */
	DEVICE_RAW_PACKED,   /* packed septets as octets, not in hex */
	DEVICE_NULS,         /* NUL octets on the line and in the text */
	DEVICE_PAD_AT,       /* "@" behind the text: a septet of nothing */
	DEVICE_PAD_CR,       /* CR behind the text: the filling of packing */
	DEVICE_FAULTS
};

/* "lose_request", ...; DEVICE_FAULTS when there is none of that name. */
const char *device_fault_name(enum device_fault fault);
enum device_fault device_fault_by_name(const char *name);

#endif
