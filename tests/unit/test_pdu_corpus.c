/*
 * The corpus of real short messages, sms_pdu.tsv and what else has its
 * columns in the folder that CORPUS names: each row is what it says, or is
 * refused where it says so.
 */
#include "modem/pdu.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/corpus.h"

enum { HEX_MAX = 16384 };

static const char *const columns[] = {"id", "direction", "pdu_hex", "smsc",
	"number", "timestamp_iso", "dcs", "udh_summary", "text", "verified",
	"note", NULL};
enum {
	COLUMN_DIRECTION = 1,
	COLUMN_HEX,
	COLUMN_SMSC,
	COLUMN_NUMBER,
	COLUMN_TIME,
	COLUMN_DCS,
	COLUMN_HEADER,
	COLUMN_TEXT,
	COLUMN_VERIFIED,
	COLUMN_NOTE
};

/* "2011-02-28T11:50:50-05:00" */
static bool
is_time(const char *iso, const struct pdu_time *t)
{
	struct tm tm = {0};
	const char *zone;
	char *end;
	long minutes;

	if (iso[0] == '\0')
		return !t->known;
	zone = strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm);
	if (zone == NULL || !t->known)
		return false;
	minutes = 60 * strtol(zone + 1, &end, 10);
	minutes += strtol(end + 1, NULL, 10);
	minutes = zone[0] == '-' ? -minutes : minutes;
	return t->zone_minutes == minutes &&
	       t->utc_ms == ((int64_t)timegm(&tm) - minutes * 60) * 1000;
}

static void
say_header(const struct pdu *p, char *out, size_t cap)
{
	out[0] = '\0';
	if (p->part.total > 0)
		(void)snprintf(out, cap, "concat%d ref=%u total=%u seq=%u",
			p->part.wide ? 16 : 8, p->part.reference, p->part.total,
			p->part.number);
}

/* The text, or what stands for one in the column. */
static void
say_text(const struct pdu *p, char *out, size_t cap)
{
	struct tm tm;
	time_t local;
	char when[32];
	int zone = abs(p->done.zone_minutes);

	if (p->type == PDU_STATUS_REPORT) {
		local = p->done.utc_ms / 1000 + p->done.zone_minutes * 60L;
		(void)gmtime_r(&local, &tm);
		(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
		(void)snprintf(out, cap,
			"mr=%u discharge=%s%c%02d:%02d status=0x%02x",
			p->reference, when,
			p->done.zone_minutes < 0 ? '-' : '+', zone / 60,
			zone % 60, p->status);
	} else if (p->coding == PDU_OCTETS) {
		size_t n = (size_t)snprintf(out, cap, "hex:");

		assert_int_equal(
			span_to_hex(p->data, p->data_len, out + n, cap - n), 0);
	} else {
		(void)snprintf(out, cap, "%s", p->text);
	}
}

static bool
row_decodes(char *column[])
{
	static const char *const types[] = {
		"DELIVER", "SUBMIT", "STATUS-REPORT"};
	char said[4096], header[128], hex[HEX_MAX];
	bool bare = strstr(column[COLUMN_NOTE], "no SMSC octet") != NULL;
	struct pdu p;
	int rc;

	(void)snprintf(
		hex, sizeof hex, "%s%s", bare ? "00" : "", column[COLUMN_HEX]);
	rc = pdu_decode(span_str(hex), &p);
	if (strcmp(column[COLUMN_DIRECTION], "MALFORMED") == 0)
		return rc == -EBADMSG;
	if (rc != 0 || strcmp(types[p.type], column[COLUMN_DIRECTION]) != 0)
		return false;
	(void)corpus_unescape(column[COLUMN_TEXT]);
	say_text(&p, said, sizeof said);
	say_header(&p, header, sizeof header);
	/* A part 6 of 2 is none for us. */
	bool header_ok =
		strstr(column[COLUMN_HEADER], header) != NULL &&
		(header[0] != '\0' ||
			strstr(column[COLUMN_HEADER], "concat") == NULL ||
			strstr(column[COLUMN_HEADER], "total=2 seq=6") != NULL);

	return strcmp(said, column[COLUMN_TEXT]) == 0 && header_ok &&
	       strcmp(p.smsc.text, column[COLUMN_SMSC]) == 0 &&
	       strcmp(p.address.text, column[COLUMN_NUMBER]) == 0 &&
	       is_time(column[COLUMN_TIME], &p.sent) &&
	       (p.type == PDU_STATUS_REPORT ||
		       p.scheme == strtol(column[COLUMN_DCS], NULL, 10)) &&
	       !p.language_unknown;
}

static unsigned refusals;

static enum corpus_verdict
judge(char *value[])
{
	if (strcmp(value[COLUMN_VERIFIED], "yes") != 0)
		return CORPUS_SKIPPED;
	refusals += strcmp(value[COLUMN_DIRECTION], "MALFORMED") == 0;
	return row_decodes(value) ? CORPUS_GOOD : CORPUS_BAD;
}

static void
every_real_message_decodes(void **state)
{
	(void)state;
	corpus_expect(columns, judge);
	print_message("%u of them refusals\n", refusals);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_real_message_decodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
