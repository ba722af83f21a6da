/*
 * The corpus of real short messages, sms_pdu.tsv in the folder that CORPUS
 * names: each row is what it says, or is refused where it says so.
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

enum { LINE_MAX_LEN = 16384, COLUMNS = 13 };

static FILE *
open_corpus(void)
{
	const char *folder = getenv("CORPUS");
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/sms_pdu.tsv",
		folder != NULL ? folder : "../shared/corpus");
	return fopen(path, "r");
}

/* \n \r \t \f \0 and \\ of the column, in place. */
static void
unescape(char *text)
{
	static const char from[] = "nrtf0\\";
	static const char to[] = "\n\r\t\f\0\\";
	char *put = text;

	for (const char *p = text; *p != '\0'; p++) {
		const char *found =
			*p == '\\' && p[1] != '\0' ? strchr(from, p[1]) : NULL;

		*put++ = found != NULL ? to[found - from] : *p;
		p += found != NULL ? 1 : 0;
	}
	*put = '\0';
}

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
	char said[4096], header[128], hex[LINE_MAX_LEN];
	bool bare = strstr(column[12], "no SMSC octet") != NULL;
	struct pdu p;
	int rc;

	(void)snprintf(hex, sizeof hex, "%s%s", bare ? "00" : "", column[2]);
	rc = pdu_decode(span_str(hex), &p);
	if (strcmp(column[1], "MALFORMED") == 0)
		return rc == -EBADMSG;
	if (rc != 0 || strcmp(types[p.type], column[1]) != 0)
		return false;
	unescape(column[8]);
	say_text(&p, said, sizeof said);
	say_header(&p, header, sizeof header);
	/* A part 6 of 2 is none for us. */
	bool header_ok =
		strstr(column[7], header) != NULL &&
		(header[0] != '\0' || strstr(column[7], "concat") == NULL ||
			strstr(column[7], "total=2 seq=6") != NULL);

	return strcmp(said, column[8]) == 0 && header_ok &&
	       strcmp(p.smsc.text, column[3]) == 0 &&
	       strcmp(p.address.text, column[4]) == 0 &&
	       is_time(column[5], &p.sent) &&
	       (p.type == PDU_STATUS_REPORT ||
		       p.scheme == strtol(column[6], NULL, 10)) &&
	       !p.language_unknown;
}

static void
every_real_message_decodes(void **state)
{
	static char line[LINE_MAX_LEN];
	FILE *corpus = open_corpus();
	int rows = 0, good = 0, refused = 0;

	(void)state;
	if (corpus == NULL)
		skip();
	while (fgets(line, sizeof line, corpus) != NULL) {
		char *column[COLUMNS], *rest = line;
		int n = 0;

		while (n < COLUMNS && rest != NULL)
			column[n++] = strsep(&rest, "\t\n");
		if (n < COLUMNS || line[0] != 'p' ||
			strcmp(column[10], "yes") != 0)
			continue;
		rows++;
		refused += strcmp(column[1], "MALFORMED") == 0;
		if (row_decodes(column))
			good++;
		else
			print_error("%s: %s\n", column[0], column[2]);
	}
	(void)fclose(corpus);
	print_message("%d of %d rows are right, %d of them refusals\n", good,
		rows, refused);
	assert_true(rows > 0);
	assert_int_equal(good, rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_real_message_decodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
