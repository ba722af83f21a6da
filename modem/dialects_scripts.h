/*
 * dialects_scripts: what only one make, or a few, are told. For the table of
 * dialects alone: nobody else may ask for a make's script by its name.
 */
#ifndef MODEM_DIALECTS_SCRIPTS_H
#define MODEM_DIALECTS_SCRIPTS_H

#include "modem/chat.h"

/* A request without a coding scheme. */
extern const struct chat_script script_ask_bare;

/* Behind the identification. */
extern const struct chat_script script_huawei_extras;
extern const struct chat_script script_zte_extras;
extern const struct chat_script script_quectel_extras;
extern const struct chat_script script_simcom_extras;

/* Their own ways to the ICCID. */
extern const struct chat_script script_huawei_iccid;
extern const struct chat_script script_zte_iccid;
extern const struct chat_script script_quectel_iccid;
extern const struct chat_script script_simcom_lte_iccid;
extern const struct chat_script script_telit_iccid;
extern const struct chat_script script_sierra_iccid;
extern const struct chat_script script_cinterion_iccid;

/* Their own ways to the tries that are left for the SIM PIN; each ends with
 * the standard's. A script that brought nothing is done, too. */
extern const struct chat_script script_huawei_tries;
extern const struct chat_script script_zte_tries;
extern const struct chat_script script_quectel_tries;
extern const struct chat_script script_quectel_2g_tries;
extern const struct chat_script script_simcom_tries;
extern const struct chat_script script_ublox_tries;
extern const struct chat_script script_telit_tries;
extern const struct chat_script script_sierra_tries;
extern const struct chat_script script_cinterion_tries;
extern const struct chat_script script_ericsson_tries;
extern const struct chat_script script_mediatek_tries;
extern const struct chat_script script_wavecom_tries;
extern const struct chat_script script_option_tries;
extern const struct chat_script script_icera_tries;
extern const struct chat_script script_alcatel_tries;

/* What the network said of the time, asked without a setting. */
extern const struct chat_script script_quectel_clock;

/* Their own ways to start anew. */
extern const struct chat_script script_ublox_reboot;
extern const struct chat_script script_telit_reboot;
extern const struct chat_script script_sierra_reboot;

#endif
