/*
 * profile: one operator's file into one value, and the questions asked of it.
 * Never gives out a profile that has a problem.
 */
#include "agent/profile.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/profile_build.h"

enum { FILE_MAX_BYTES = 256 * 1024 }; /* shipped ones have a few thousand */

static void
profile_free(struct profile *p)
{
	for (size_t i = 0; i < p->pin_count; i++)
		expression_free(p->pins[i]);
	for (size_t i = 0; i < p->msisdn_count; i++)
		expression_free(p->msisdns[i]);
	for (size_t i = 0; i < PROFILE_MENU_MAX; i++)
		expression_free(p->menu[i].screen);
	for (size_t i = 0; i < PROFILE_STEPS_MAX; i++)
		expression_free(p->follow_ups[i].answer);
	expression_free(p->smsc);
	for (size_t i = 0; i < p->proof_count; i++)
		expression_free(p->proofs[i]);
	classifier_free(p->reply);
	free(p->file);
	free(p);
}

struct profile *
profile_ref(struct profile *profile)
{
	profile->refs++;
	return profile;
}

void
profile_unref(struct profile *profile)
{
	if (!profile)
		return;
	assert(profile->refs > 0);
	if (--profile->refs == 0)
		profile_free(profile);
}

/* The contract's defaults; what is 0 there stays 0. */
static const struct profile defaults = {
	.decimals = 2,
	.number_format = {.group = ',', .divide = '.'},
	.via = {PROFILE_VIA_USSD},
	.via_count = 1,
	.verdict_by = PROFILE_VERDICT_USSD,
	.timeout_ms = 60000,
	.sms_timeout_ms = 300000,
	.before = PROFILE_BEFORE_AUTO,
	.max_rejects = 2,
	.reject_pause_ms = INT64_C(24) * 3600 * 1000,
	.batch_rejects = 3,
	.min_interval_ms = 5000,
	.retries = 3,
	.retry_pause_ms = 60000,
	.fence_ms = 60000,
	.refs = 1,
};

static struct profile *
profile_new(const char *file)
{
	struct profile *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	*p = defaults;
	p->file = strdup(file);
	p->reply = classifier_new();
	if (p->file && p->reply)
		return p;
	profile_free(p);
	return NULL;
}

/* Patterns that a file may leave out; numbers as in ITU-T E.164. */
static void
fill_patterns(struct profile *p)
{
	char error[64];

	if (p->pin_count == 0)
		p->pins[p->pin_count++] = expression_new(
			span_str("\\d{10,20}"), error, sizeof(error));
	if (p->msisdn_count == 0)
		p->msisdns[p->msisdn_count++] = expression_new(
			span_str("\\+?\\d{6,15}"), error, sizeof(error));
}

static bool
is_word(struct span s)
{
	static const char signs[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";

	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\0' || !strchr(signs, s.ptr[i]))
			return false;
	return s.len > 0;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "operators/SimTel.ini" is simtel elsewhere. */
static void
take_stem(struct profile_build *b)
{
	struct profile *p = b->profile;
	const char *slash = strrchr(p->file, '/');
	struct span name = span_str(slash ? slash + 1 : p->file);
	static const char ending[] = ".ini";

	if (name.len > sizeof(ending) - 1 &&
		strcmp(name.ptr + name.len - (sizeof(ending) - 1), ending) == 0)
		name.len -= sizeof(ending) - 1;
	bool fits = span_copy(p->stem, sizeof(p->stem), name) == 0;

	for (char *c = p->stem; *c; c++)
		*c = lower(*c);
	if (!fits || !is_word(span_str(p->stem)))
		PROFILE_WRONG(b,
			"a file name of letters, digits, '_', '.' and '-', at "
			"most %d before .ini",
			PROFILE_NAME_MAX - 1);
	if (strcmp(p->stem, "auto") == 0)
		PROFILE_WRONG(b, "'auto' cannot be an operator's name");
	if (p->name[0] == '\0')
		(void)span_copy(p->name, sizeof(p->name), span_str(p->stem));
}

/* The whole file, or NULL after telling. The caller frees it. */
static char *
read_text(const char *file, struct problems *problems, size_t *len)
{
	FILE *f = fopen(file, "re");
	char *text = malloc(FILE_MAX_BYTES + 1);
	bool good = false;

	if (f && text) {
		*len = fread(text, 1, FILE_MAX_BYTES + 1, f);
		good = !ferror(f);
	}
	if (!good)
		problems_add(problems, file, 0, "cannot be read: %s",
			strerror(errno));
	else if (*len > FILE_MAX_BYTES)
		problems_add(
			problems, file, 0, "over %d bytes", FILE_MAX_BYTES);
	if (f)
		(void)fclose(f); /* only read */
	if (good && *len <= FILE_MAX_BYTES)
		return text;
	free(text);
	return NULL;
}

struct profile *
profile_read_text(const char *file, struct span text, struct problems *problems)
{
	size_t errors = problems_errors(problems);
	struct profile_build b = {
		.profile = profile_new(file), .problems = problems};

	if (!b.profile) {
		problems_add(problems, file, 0, "out of memory");
		return NULL;
	}
	profile_parse(&b, text);
	profile_check(&b);
	take_stem(&b);
	fill_patterns(b.profile);
	if (problems_errors(problems) == errors)
		return b.profile;
	profile_unref(b.profile);
	return NULL;
}

struct profile *
profile_read(const char *file, struct problems *problems)
{
	size_t len;
	char *text = read_text(file, problems, &len);
	struct profile *profile = NULL;

	if (text)
		profile = profile_read_text(file, span_of(text, len), problems);
	free(text);
	return profile;
}
