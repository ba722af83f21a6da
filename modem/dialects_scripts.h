/*
 * dialects_scripts: what only one make, or a few, are told. For the table of
 * dialects alone: nobody else may ask for a make's script by its name.
 */
#ifndef MODEM_DIALECTS_SCRIPTS_H
#define MODEM_DIALECTS_SCRIPTS_H

#include "modem/chat.h"

/* Behind the identification. */
extern const struct chat_script script_huawei_extras;
extern const struct chat_script script_simcom_extras;

/* Their own ways to the ICCID. */
extern const struct chat_script script_huawei_iccid;
extern const struct chat_script script_quectel_iccid;

/* Their own ways to the tries that are left for the SIM PIN; each ends with
 * the standard's. A script that brought nothing is done, too. */
extern const struct chat_script script_huawei_tries;
extern const struct chat_script script_quectel_tries;
extern const struct chat_script script_simcom_tries;

#endif
