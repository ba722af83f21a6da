/*
 * network_text: what an operator says, by name, and how it says it unless
 * told otherwise. Must never hold words that no operator would use.
 */
#ifndef SIM_NETWORK_TEXT_H
#define SIM_NETWORK_TEXT_H

enum network_text {
	NETWORK_LOADED,
	NETWORK_LOADED_OTHER,
	NETWORK_INVALID,
	NETWORK_USED,
	NETWORK_USED_BY_YOU,
	NETWORK_EXPIRED,
	NETWORK_BLOCKED,
	NETWORK_LOCKED,
	NETWORK_BUSY,
	NETWORK_BALANCE,
	NETWORK_PENDING,
	NETWORK_MENU,
	NETWORK_CONFIRM,
	NETWORK_CANCELLED,
	NETWORK_BAD_CHOICE,
	NETWORK_BAD_CODE,
	NETWORK_LAST,
	NETWORK_NO_LAST,
	NETWORK_BUNDLE,
	NETWORK_NO_BUNDLE,
	NETWORK_TEXTS
};

/* "loaded", "used_by_you": the name of a text in configurations; NULL past
 * the end. */
const char *network_text_name(enum network_text text);

/* Its usual words: {amount}, {balance}, {number} and {serial} are filled in
 * by the network. */
const char *network_text_usual(enum network_text text);

#endif
