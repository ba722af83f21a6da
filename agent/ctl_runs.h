/*
 * ctl_runs: what the commands of topupctl are run by, for its table. Each is
 * the exit status.
 */
#ifndef AGENT_CTL_RUNS_H
#define AGENT_CTL_RUNS_H

struct ctl;

int ctl_run_status(struct ctl *ctl);
int ctl_run_modems(struct ctl *ctl);
int ctl_run_batches(struct ctl *ctl);
int ctl_run_batch(struct ctl *ctl);
int ctl_run_vouchers(struct ctl *ctl);
int ctl_run_voucher(struct ctl *ctl);
int ctl_run_audit(struct ctl *ctl);
int ctl_run_watch(struct ctl *ctl);
int ctl_run_inbox(struct ctl *ctl);
int ctl_run_reconcile(struct ctl *ctl);
int ctl_run_claims(struct ctl *ctl);
int ctl_run_totals(struct ctl *ctl);
int ctl_run_history(struct ctl *ctl); /* balance --history */
int ctl_run_move(struct ctl *ctl);    /* hold, release, cancel */
int ctl_run_resolve(struct ctl *ctl);
int ctl_run_reveal(struct ctl *ctl);
int ctl_run_pause(struct ctl *ctl); /* and resume */
int ctl_run_unlock(struct ctl *ctl);
int ctl_run_reload(struct ctl *ctl);
int ctl_run_backup(struct ctl *ctl);
int ctl_run_balance(struct ctl *ctl);
int ctl_run_ussd(struct ctl *ctl);
int ctl_run_sms(struct ctl *ctl);
int ctl_run_load(struct ctl *ctl);
int ctl_run_submit(struct ctl *ctl);
int ctl_run_wait(struct ctl *ctl);
int ctl_run_check(struct ctl *ctl);
int ctl_run_record(struct ctl *ctl);
int ctl_run_retrieve(struct ctl *ctl);
int ctl_run_probe(struct ctl *ctl);
int ctl_run_setup(struct ctl *ctl);
int ctl_run_verify(struct ctl *ctl); /* audit verify */

#endif
