/*
 * ledger_check: whether what is kept agrees with what can be counted. For
 * tests and after an unclean stop; it walks over everything, and changes
 * nothing.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <stdio.h>

#define COUNTED(state) "sum(v.state = '" state "')"
#define COUNTED_ALL                                                                    \
	COUNTED("ready")                                                               \
	"," COUNTED("held") "," COUNTED("dialing") "," COUNTED("pending") "," COUNTED( \
		"unknown") "," COUNTED("loaded") "," COUNTED("rejected") "," COUNTED("cancelled")
#define KEPT_ALL                                                               \
	"n_ready,n_held,n_dialing,n_pending,n_unknown,n_loaded,n_rejected,"    \
	"n_cancelled"
#define SUM_ALL                                                                \
	"sum(n_ready),sum(n_held),sum(n_dialing),sum(n_pending),"              \
	"sum(n_unknown),sum(n_loaded),sum(n_rejected),sum(n_cancelled)"

/* Each gives the number of one row that does not fit, or none. */
static const struct {
	const char *what;
	const char *sql;
} checks[] = {
	{"the kept counts of batch",
		"SELECT b.id FROM batch b JOIN voucher v ON v.batch = b.id"
		" GROUP BY b.id HAVING (" KEPT_ALL ") <> (" COUNTED_ALL ")"},
	{"the rows of batch",
		"SELECT id FROM batch WHERE rows <>"
		" (SELECT count(*) FROM voucher WHERE batch = batch.id)"},
	{"the bad rows of batch",
		"SELECT id FROM batch WHERE accepted = 1 AND faults <>"
		" (SELECT count(*) FROM fault WHERE batch = batch.id)"},
	{"the sum credited of batch",
		"SELECT id FROM batch WHERE loaded_minor <>"
		" (SELECT min(4000000000000000000, ifnull(sum(credited),0))"
		"  FROM voucher v WHERE v.batch = batch.id"
		"  AND state = 'loaded'"
		"  AND credited BETWEEN 0 AND 1000000000000000)"},
	{"whether there is an end of batch",
		"SELECT id FROM batch WHERE accepted = 1 AND"
		" (finished IS NULL) <> (n_ready + n_dialing + n_pending > 0)"},
	{"the kept counts in all, row",
		"SELECT one FROM total WHERE (" KEPT_ALL ") <>"
		" (SELECT " SUM_ALL " FROM (SELECT " KEPT_ALL " FROM batch"
		"  WHERE accepted = 1 UNION ALL SELECT 0,0,0,0,0,0,0,0))"},
	{"cancelled and gone, voucher",
		"SELECT id FROM voucher"
		" WHERE (state = 'cancelled') <> (gone = 1)"},
	{"state and flight of voucher",
		"SELECT v.id FROM voucher v WHERE"
		" (state IN ('dialing','pending')) <>"
		" (SELECT count(*) FROM attempt WHERE voucher = v.id"
		"  AND flying = 1)"},
	{"state and open attempt of voucher",
		"SELECT v.id FROM voucher v WHERE (state = 'dialing') <>"
		" (SELECT count(*) FROM attempt WHERE voucher = v.id"
		"  AND ended IS NULL)"},
	{"the number of attempts of voucher",
		"SELECT v.id FROM voucher v WHERE (attempts, on_air) <>"
		" (SELECT count(*), ifnull(sum(fate <> 'not_sent'), 0)"
		"  FROM attempt WHERE voucher = v.id)"},
	{"doubt without reason, attempt",
		"SELECT a.id FROM attempt a JOIN voucher v"
		" ON v.id = a.voucher WHERE a.doubt = 1 AND"
		" (a.fate = 'not_sent' OR"
		"  v.state IN ('loaded','rejected','cancelled'))"},
	{"no doubt in flight, attempt",
		"SELECT id FROM attempt WHERE flying = 1 AND doubt = 0"},
	{"unknown without doubt, voucher",
		"SELECT v.id FROM voucher v WHERE v.state = 'unknown'"
		" AND NOT EXISTS (SELECT 1 FROM attempt a"
		"  WHERE a.voucher = v.id AND a.doubt = 1)"},
	{"the attempt that credited of voucher",
		"SELECT v.id FROM voucher v WHERE (state = 'loaded') <>"
		" (SELECT count(*) FROM attempt WHERE voucher = v.id"
		"  AND credited = 1)"},
	{"what is copied from its voucher, attempt",
		"SELECT a.id FROM attempt a JOIN voucher v"
		" ON v.id = a.voucher"
		" WHERE (a.own, a.operator) <> (v.own, v.operator)"},
	{"the kept breaker, attempts of account of attempt",
		"SELECT a.id FROM attempt a LEFT JOIN account c"
		" ON c.name = a.account WHERE c.name IS NULL"
		" OR c.counted <> (SELECT count(*) FROM attempt d"
		"  WHERE d.account = a.account AND d.counted = 1"
		"  AND d.ended IS NOT NULL AND d.id >"
		"  (SELECT ifnull(max(e.id), 0) FROM attempt e"
		"   WHERE e.account = a.account AND e.credited = 1))"},
	{"the kept breaker, end of account of attempt",
		"SELECT a.id FROM attempt a JOIN account c"
		" ON c.name = a.account WHERE (c.stopped_ran, c.stopped_wall)"
		" <> (SELECT ifnull(max(d.ended_ran), 0),"
		"  ifnull(max(d.ended), 0) FROM attempt d WHERE d.id ="
		"  (SELECT max(f.id) FROM attempt f"
		"   WHERE f.account = a.account AND f.counted = 1"
		"   AND f.ended IS NOT NULL AND f.id >"
		"   (SELECT ifnull(max(e.id), 0) FROM attempt e"
		"    WHERE e.account = a.account AND e.credited = 1)))"},
	{"the newest reading of the account of reading",
		"SELECT b.id FROM balance b LEFT JOIN account c"
		" ON c.name = b.account WHERE c.last_reading IS NOT"
		" (SELECT max(id) FROM balance WHERE account = b.account)"},
	{"the kept credits between reading",
		"SELECT f.id FROM account c JOIN balance f"
		" ON f.id = c.first_reading JOIN balance l"
		" ON l.id = c.last_reading"
		" WHERE (c.credited_minor, c.credits_unknown) <>"
		" (SELECT min(" LEDGER_SUM_MAX
		", ifnull(sum(" LEDGER_CREDIT_OR_0 "), 0)),"
		"  ifnull(sum(NOT " LEDGER_CREDIT_KNOWN "), 0)"
		"  FROM attempt a JOIN voucher v ON v.id = a.voucher"
		"  WHERE a.account = c.name AND a.credited = 1"
		"  AND a.id > f.mark AND a.id <= l.mark)"},
	{"slow start of batch", "SELECT id FROM batch WHERE slots <>"
				" (1 << min(20, since_loaded))"},
	{"a trip without limit, batch",
		"SELECT id FROM batch WHERE tripped > 0 AND rejects_max = 0"},
	{"an attempt before its batch was accepted, attempt",
		"SELECT a.id FROM attempt a JOIN voucher v"
		" ON v.id = a.voucher JOIN batch b ON b.id = v.batch"
		" WHERE b.accepted = 0"},
};

int
ledger_check(struct ledger *ledger, char *what, size_t cap)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int64_t id;
		int rc = ledger_number_n(ledger, checks[i].sql, &id, NULL, 0);
		if (rc == -ENOENT)
			continue;
		if (rc == 0)
			snprintf(what, cap, "%s %lld", checks[i].what,
				(long long)id);
		else
			snprintf(what, cap, "%s", ledger->error);
		return rc == 0 ? -EINVAL : -EIO;
	}
	return 0;
}
