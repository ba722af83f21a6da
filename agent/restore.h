/*
 * restore: topupd --restore BACKUP: for a person at a terminal, with no
 * daemon running. Says what was done and what to type next.
 */
#ifndef AGENT_RESTORE_H
#define AGENT_RESTORE_H

/*
 * Makes the ledger of that configuration from a backup. 0, and what was done
 * is on standard output; -EINVAL, -EBUSY or -EIO, and why not is on standard
 * error.
 */
int restore_run(const char *config_file, const char *backup);

#endif
