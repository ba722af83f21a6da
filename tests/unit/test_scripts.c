/*
 * The tables of what is said: rules that hold for every command of every
 * script, the dialects' own among them.
 */
#include "modem/scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modem/dialects.h"

static const struct chat_script *const all[] = {&script_probe, &script_identify,
	&script_sim, &script_subscriber, &script_prepare, &script_register,
	&script_check, &script_check_sim, &script_charset, &script_ask,
	&script_cancel, &script_wake, &script_radio_off, &script_radio_on,
	&script_reboot, &script_reset, &script_pin_tries, NULL};

static void
for_each(void (*check)(const struct chat_script *))
{
	for (size_t i = 0; all[i] != NULL; i++)
		check(all[i]);
	for (size_t i = 0; dialect_at(i) != NULL; i++) {
		check(dialect_at(i)->ask);
		if (dialect_at(i)->extras != NULL)
			check(dialect_at(i)->extras);
		if (dialect_at(i)->iccid != NULL)
			check(dialect_at(i)->iccid);
		check(dialect_at(i)->pin_tries);
	}
}

static void
check_deadlines(const struct chat_script *script)
{
	assert_true(script->count > 0);
	for (size_t i = 0; i < script->count; i++) {
		const struct chat_step *step = &script->steps[i];
		bool acts = (step->flags & CHAT_ACTS) != 0;

		/* A request takes its deadline from its owner. */
		assert_true(acts == (step->wait_ms == 0));
		assert_true(script->wait_ms == 0 ||
			    step->wait_ms <= script->wait_ms);
		assert_true(acts || script->wait_ms > 0);
	}
}

static void
every_command_and_script_has_a_deadline(void **state)
{
	(void)state;
	for_each(check_deadlines);
}

static void
check_acts(const struct chat_script *script)
{
	for (size_t i = 0; i < script->count; i++) {
		const struct chat_step *step = &script->steps[i];
		bool dials = strstr(step->text, "{code}") != NULL ||
		             strncmp(step->text, "ATD", 3) == 0;

		assert_true(dials == ((step->flags & CHAT_ACTS) != 0));
		if (dials) {
			assert_true(step->tries <= 1);
			assert_true((step->flags & CHAT_OPTIONAL) == 0);
			assert_int_equal(i + 1, script->count);
		}
	}
}

static void
only_what_dials_acts_and_it_goes_out_once(void **state)
{
	(void)state;
	for_each(check_acts);
}

static void
check_form(const struct chat_script *script)
{
	struct chat_args args = {.code = span_str("*1#"),
		.charset = span_str("GSM"),
		.dcs = 15,
		.wait_ms = 1};
	struct chat c;
	char out[64];
	size_t len;

	for (size_t i = 0; i < script->count; i++) {
		const struct chat_script one = {
			script->name, &script->steps[i], 1, 1000};

		assert_true(one.steps->tag < CHAT_TAGS_MAX);
		chat_init(&c);
		chat_begin(&c, &one, &args);
		assert_int_equal(
			chat_compose(&c, &args, out, sizeof out, &len), 0);
		assert_null(strchr(out, '{'));
		assert_true(strncmp(out, "AT", 2) == 0 || out[0] == '\x1b');
		assert_true(out[len - 1] == '\r');
	}
}

static void
every_template_is_filled_whole(void **state)
{
	(void)state;
	for_each(check_form);
}

/* Nothing brings the number up but the modem's word, and a modem that has no
 * such word is no obstacle. */
static void
tries_are_asked_by_their_tag_and_may_stay_untold(void **state)
{
	(void)state;
	for (size_t i = 0; dialect_at(i) != NULL; i++) {
		const struct chat_script *script = dialect_at(i)->pin_tries;

		for (size_t k = 0; k < script->count; k++) {
			const struct chat_step *step = &script->steps[k];

			assert_int_equal(step->tag, TAG_PIN_TRIES);
			assert_int_equal(
				step->flags, CHAT_OPTIONAL | CHAT_UNLESS);
			assert_null(strchr(step->text, '"'));
		}
	}
}

static bool
says(const struct chat_script *script, const char *text)
{
	for (size_t i = 0; i < script->count; i++)
		if (strcmp(script->steps[i].text, text) == 0)
			return true;
	return false;
}

static void
set_up_enables_answers_but_dials_nothing(void **state)
{
	(void)state;
	assert_true(says(&script_prepare, "AT+CUSD=1"));
	assert_true(says(&script_prepare, "AT+CUSD=2"));
	assert_true(says(&script_cancel, "AT+CUSD=2"));
	assert_true(says(&script_identify, "AT+CMEE=1"));
	assert_true(says(&script_identify, "ATE0"));
	for (size_t i = 0; all[i] != NULL; i++)
		assert_true(all[i] == &script_ask ||
			    all[i]->steps[0].text[0] == '\x1b' ||
			    (all[i]->steps[0].flags & CHAT_ACTS) == 0);
}

/* What follows a command that may have timed out must not take its late
 * OK: the registration is asked last, and is marked. */
static void
cancel_and_checks_end_in_step_with_the_modem(void **state)
{
	static const struct chat_script *const synced[] = {
		&script_cancel, &script_register, &script_check, NULL};

	(void)state;
	for (size_t i = 0; synced[i] != NULL; i++) {
		bool marked = false;

		for (size_t k = 0; k < synced[i]->count; k++)
			marked = marked ||
			         (synced[i]->steps[k].flags & CHAT_MARKED) != 0;
		assert_true(marked);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_and_script_has_a_deadline),
		cmocka_unit_test(only_what_dials_acts_and_it_goes_out_once),
		cmocka_unit_test(every_template_is_filled_whole),
		cmocka_unit_test(
			tries_are_asked_by_their_tag_and_may_stay_untold),
		cmocka_unit_test(set_up_enables_answers_but_dials_nothing),
		cmocka_unit_test(cancel_and_checks_end_in_step_with_the_modem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
