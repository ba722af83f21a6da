/*
 * fuzz_profile: any text as an operator's file. It is taken or has a problem
 * that names the file, never both or neither; what is taken keeps what the
 * rest of the agent relies on. Must never be kinder than the daemon.
 */
#include <string.h>

#include "agent/problem.h"
#include "agent/profile.h"
#include "tests/fuzz/fuzz.h"

static const char voucher_pin[] = "12345678901234";

static void
look(const struct profile *profile)
{
	char code[2 * PROFILE_CODE_MAX];
	struct classify_result result;

	FUZZ_HOLDS(strcmp(profile->stem, "fuzz") == 0);
	FUZZ_HOLDS(profile->name[0] != '\0' && profile->refs == 1);
	FUZZ_HOLDS(profile->pin_count > 0 && profile->msisdn_count > 0);
	FUZZ_HOLDS(profile->via_count >= 1 && profile->via_count <= 2);
	FUZZ_HOLDS(profile->menu_count <= PROFILE_MENU_MAX);
	FUZZ_HOLDS(profile->timeout_ms > 0 && profile->fence_ms >= 0);
	for (size_t i = 0; i < profile->menu_count; i++)
		FUZZ_HOLDS(profile->menu[i].screen != NULL);
	if (profile_fill(profile->recharge_ussd, span_str(voucher_pin),
		    span_str("0712345678"), code, sizeof(code)) == 0)
		FUZZ_HOLDS(!strstr(code, "{pin}"));
	(void)profile_takes_pin(profile, span_str(voucher_pin));
	(void)profile_hours_allow(profile, 24 * 60 - 1);
	classifier_read(
		profile->reply, span_str("credited with 1.00 XTS"), &result);
	FUZZ_HOLDS(!result.contradiction || result.verdict == VERDICT_NONE);
}

static struct fuzz_diary
run(struct span in)
{
	struct fuzz_diary diary = {0};
	struct problems *problems = problems_new();
	struct profile *profile =
		profile_read_text("/etc/fuzz.ini", in, problems);
	const char *line;

	FUZZ_HOLDS((profile == NULL) == (problems_errors(problems) > 0));
	for (size_t i = 0; (line = problems_line(problems, i)) != NULL; i++) {
		FUZZ_HOLDS(strncmp(line, "/etc/fuzz.ini", 13) == 0);
		fuzz_note(&diary, 0, span_str(line));
	}
	if (profile)
		look(profile);
	profile_unref(profile);
	problems_free(problems);
	return diary;
}

static void
check(struct span in, struct rng *rng)
{
	static char whole[1 << 15];
	size_t head = strlen(fuzz_profile);
	struct fuzz_diary once = run(in), twice = run(in);

	(void)rng;
	FUZZ_HOLDS(fuzz_same(&once, &twice));
	/* The same behind a profile that is whole. */
	if (head + in.len > sizeof(whole))
		return;
	(void)span_copy(whole, sizeof(whole), span_str(fuzz_profile));
	memcpy(whole + head, in.ptr, in.len);
	(void)run(span_of(whole, head + in.len));
}

const struct fuzz_target fuzz_target = {
	.name = "profile", .most = 1 << 14, .grows = true, .check = check};
