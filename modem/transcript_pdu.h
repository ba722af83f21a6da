/*
 * transcript_pdu: a message in hex whose numbers and digits are stand-ins; it
 * decodes as before, to a text of the same length. Pure.
 */
#ifndef MODEM_TRANSCRIPT_PDU_H
#define MODEM_TRANSCRIPT_PDU_H

#include <stddef.h>

/* In place. What cannot be taken apart becomes FF all over: no message. */
void transcript_hide_pdu(char *hex, size_t len);

#endif
