/*
 * device_mail: what the files of device share for short messages. Only
 * device_inner.h includes it.
 */
#ifndef SIM_DEVICE_MAIL_H
#define SIM_DEVICE_MAIL_H

#include "tests/sim/device_sms.h"

/* device_store.c: stores are 0 (SM) and 1 (ME). */
int store_size(const struct device *device, int store);
int store_used(const struct device *device, int store);
const char *store_name(int store);
int store_put(struct device *device, int store, const char *hex, long octets);
/* +CMS ERROR, or a bare ERROR; what the command then comes to. */
int store_refusal(struct device *device, int64_t now_ms, int code);
int store_sim_refusal(struct device *device, int64_t now_ms);
/* +CPMS of a modem that has none. */
int store_no_stores(struct device *device, int64_t now_ms, const char *args);
int store_cpms(struct device *device, int64_t now_ms, const char *args);
int store_cmgl(struct device *device, int64_t now_ms, const char *args);
int store_cmgr(struct device *device, int64_t now_ms, const char *args);
int store_cmgd(struct device *device, int64_t now_ms, const char *args);

/* device_sms.c */
void mail_start(struct device *device);
void mail_swap(struct device *device);
void mail_tick(struct device *device, int64_t now_ms);
int64_t mail_wake_at(const struct device *device); /* 0: never */
bool mail_takes_byte(struct device *device, int64_t now_ms, char c);
/* AT_UNKNOWN when it is none of ours. */
int mail_command(struct device *device, int64_t now_ms, const char *name,
	const char *args);
/* The network's text goes to the SIM, after a while; "" is none. */
void mail_answer(struct device *device, int64_t now_ms, const char *text);

#endif
