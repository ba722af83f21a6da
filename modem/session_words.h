/*
 * session_words: the states in the life of a modem, and what may happen to
 * it. Part of session.h.
 */
#ifndef MODEM_SESSION_WORDS_H
#define MODEM_SESSION_WORDS_H

enum session_state {
	SESSION_STOPPED,     /* not started, or stopped by its owner */
	SESSION_ABSENT,      /* the port cannot be opened */
	SESSION_PROBING,     /* is anything there? */
	SESSION_SETTING_UP,  /* identity, SIM, charset */
	SESSION_REGISTERING, /* waiting for the network */
	SESSION_READY,
	SESSION_BUSY,      /* its owner has work on it */
	SESSION_RADIO,     /* a refresh: the radio goes off and on */
	SESSION_REREADING, /* a refresh: the SIM is read again */
	SESSION_REBOOTING, /* told to start anew, and given time for it */
	SESSION_LOCKED, /* the SIM asks for its PIN: which, how many tries? */
	SESSION_UNLOCKING, /* the PIN is typed, and what came of it looked at */
	SESSION_LEAVING,   /* settings are put back, then it is stopped */
	SESSION_CURING,    /* a rung of the ladder that the wire carries */
	SESSION_POWERING,  /* closed; its owner switches its power */
	SESSION_RESTING,   /* no use; closed, and tried again later */
	SESSION_FAILED     /* a person is needed; looked at again anyway */
};
enum { SESSION_STATES = SESSION_FAILED + 1 };

enum session_event {
	SESSION_START,
	SESSION_STOP,
	SESSION_OPENED,
	SESSION_NOT_OPENED,
	SESSION_LOST,      /* the port vanished */
	SESSION_NEXT_PORT, /* it is not the right one, and there is another */
	SESSION_NO_PORT,   /* and there is no other */
	SESSION_DONE,      /* the script that was wished for went well */
	SESSION_REFUSED,   /* a final error to it */
	SESSION_SILENT,    /* it timed out */
	SESSION_RESTARTED, /* the modem booted anew */
	SESSION_SIM_READY,
	SESSION_SIM_BUSY, /* not yet, or says nothing clear */
	SESSION_SIM_PIN,
	SESSION_SIM_PUK,
	SESSION_SIM_ABSENT,
	SESSION_SIM_BAD,     /* failure, or locked to another network */
	SESSION_SIM_CHANGED, /* another SIM, or none, than a moment ago */
	SESSION_PIN_GIVEN,   /* its owner has a PIN to type, */
	SESSION_PIN_KEPT,    /* or none that may be typed */
	SESSION_REGISTERED,
	SESSION_UNREGISTERED,
	SESSION_DENIED,  /* the network does not want this SIM */
	SESSION_ROAMING, /* registered abroad, and that is not allowed */
	SESSION_UNTOLD,  /* OK, and no word of whether it is registered */
	SESSION_WORK,    /* a request begins */
	SESSION_IDLE,    /* it has ended */
	SESSION_REFRESH_SIM,
	SESSION_REFRESH_RADIO,
	SESSION_LEAVE,   /* its owner wants to stop, politely */
	SESSION_RECOVER, /* a heavy rung now, while it is up */
	SESSION_POWERED, /* its owner has done so, or could not */
	SESSION_TIME,    /* the next look is due */
	SESSION_LIMIT    /* the state has lasted too long */
};
enum { SESSION_EVENTS = SESSION_LIMIT + 1 };

#endif
