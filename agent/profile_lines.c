/*
 * profile_lines: the lines of a profile, handed to inih one by one. Must
 * never let a line through that inih would cut, or join with another: a rule
 * that lost its end would match other texts.
 */
#include <string.h>

#include <ini.h>

#include "agent/profile_build.h"
#include "agent/utf8.h"

enum {
	/* What inih 55 as Debian builds it takes (INI_MAX_LINE 200, less CR,
	 * LF and NUL), and what its section names take (MAX_SECTION 50). */
	LINE_MAX_BYTES = 197,
	SECTION_MAX_BYTES = 49
};

/* A section that was refused: its keys are passed over in silence. */
static const char refused_section[] = "[?]";

struct lines {
	struct span rest;
	struct profile_build *build;
};

static struct span
cut_line(struct lines *lines)
{
	size_t end = span_find(lines->rest, '\n');
	struct span line = span_of(lines->rest.ptr, end);

	lines->rest = span_skip(lines->rest, end + 1);
	lines->build->line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool
is_comment(struct span trimmed)
{
	return trimmed.len > 0 &&
	       (trimmed.ptr[0] == ';' || trimmed.ptr[0] == '#');
}

/* "[name]", as inih finds it: the first "]" before a " ;". */
static struct span
check_section(struct profile_build *b, struct span line)
{
	struct span refused = span_str(refused_section);
	size_t end = span_find(line, ']');

	if (end == line.len) {
		PROFILE_WRONG(b, "a section without ']'");
		return refused;
	}
	struct span name = span_of(line.ptr + 1, end - 1);
	struct span behind = span_trim(span_skip(line, end + 1));

	if (name.len > SECTION_MAX_BYTES)
		PROFILE_WRONG(
			b, "a section name over %d bytes", SECTION_MAX_BYTES);
	else if (!profile_has_section(name))
		PROFILE_WRONG(
			b, "unknown section [%.*s]", (int)name.len, name.ptr);
	else if (behind.len > 0 && !is_comment(behind))
		PROFILE_WRONG(b, "text behind a section's name");
	else
		return line;
	return refused;
}

/* Whether inih finds a name and a value in it. */
static bool
has_divider(struct span line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '=' || line.ptr[i] == ':')
			return true;
		if (line.ptr[i] == ';' && i > 0 && is_blank(line.ptr[i - 1]))
			return false;
	}
	return false;
}

/* What is wrong with a line that is neither blank nor a comment. */
static const char *
line_fault(struct span line)
{
	if (line.len > 0 && is_blank(line.ptr[0]))
		return "an indented line (it would belong to the key above)";
	if (line.ptr[0] != '[' && !has_divider(line))
		return "neither a section nor KEY = VALUE";
	return NULL;
}

static const char *
byte_fault(struct span line)
{
	if (line.len > LINE_MAX_BYTES)
		return "a line over 197 bytes (repeat the key instead)";
	if (line.len > 0 && memchr(line.ptr, '\0', line.len))
		return "a NUL byte";
	if (!utf8_is_valid(line))
		return "bytes that are no UTF-8";
	return NULL;
}

/* The line as inih may see it: empty where it must not. */
static struct span
check_line(struct profile_build *b, struct span line)
{
	struct span nothing = span_of("", 0);
	struct span trimmed = span_trim(line);
	const char *fault = byte_fault(line);

	if (!fault && (trimmed.len == 0 || is_comment(trimmed)))
		return nothing;
	if (!fault)
		fault = line_fault(line);
	if (!fault)
		return line.ptr[0] == '[' ? check_section(b, line) : line;
	PROFILE_WRONG(b, "%s", fault);
	/* Keys below a broken heading do not belong to the one above it. */
	return trimmed.len > 0 && trimmed.ptr[0] == '['
	               ? span_str(refused_section)
	               : nothing;
}

/* inih's reader, in the manner of fgets(). */
static char *
next_line(char *out, int cap, void *stream)
{
	struct lines *lines = stream;

	if (lines->rest.len == 0 || cap <= 0)
		return NULL;
	struct span line = check_line(lines->build, cut_line(lines));

	/* A build of inih with shorter lines than Debian's. */
	if (span_copy(out, (size_t)cap, line) < 0) {
		PROFILE_WRONG(lines->build, "a line over %d bytes", cap - 1);
		out[0] = '\0';
	}
	return out;
}

static int
on_key(void *user, const char *section, const char *name, const char *value)
{
	enum { KEEP_GOING = 1 };
	struct lines *lines = user;
	struct profile_build *b = lines->build;

	if (strcmp(section, "?") == 0)
		return KEEP_GOING;
	if (section[0] == '\0') {
		PROFILE_WRONG(b, "a key before the first section");
		return KEEP_GOING;
	}
	b->key = span_str(name);
	profile_take_key(b, span_str(section), span_trim(span_str(value)));
	b->key = span_of("", 0);
	return KEEP_GOING;
}

void
profile_parse(struct profile_build *b, struct span text)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct lines lines = {.rest = text, .build = b};

	if (span_starts(text, span_str(bom)))
		lines.rest = span_skip(text, sizeof(bom) - 1);
	b->line = 0;
	/* Everything that inih could refuse has been told already. */
	if (ini_parse_stream(next_line, &lines, on_key, &lines) != 0 &&
		problems_errors(b->problems) == 0)
		PROFILE_WRONG(b, "cannot be understood");
	b->line = 0;
}
