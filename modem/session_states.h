/*
 * session_states: the states of the session by their last words, for the
 * files that are full of them: session.c and its table. Never for a header.
 */
#ifndef MODEM_SESSION_STATES_H
#define MODEM_SESSION_STATES_H

#include "modem/session_words.h"

#define ABSENT      SESSION_ABSENT
#define PROBING     SESSION_PROBING
#define SETTING_UP  SESSION_SETTING_UP
#define REGISTERING SESSION_REGISTERING
#define READY       SESSION_READY
#define BUSY        SESSION_BUSY
#define RADIO       SESSION_RADIO
#define REREADING   SESSION_REREADING
#define REBOOTING   SESSION_REBOOTING
#define LOCKED      SESSION_LOCKED
#define UNLOCKING   SESSION_UNLOCKING
#define LEAVING     SESSION_LEAVING
#define STOPPED     SESSION_STOPPED
#define CURING      SESSION_CURING
#define POWERING    SESSION_POWERING
#define RESTING     SESSION_RESTING
#define FAILED      SESSION_FAILED

#endif
