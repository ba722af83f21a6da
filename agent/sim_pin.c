/*
 * sim_pin: the file that holds the PIN of a SIM. It must never show, keep or
 * complete one.
 */
#include "agent/sim_pin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIN_LEAST = 4, PIN_MOST = 8 }; /* digits */

int
sim_pin_read(const char *path, struct sim_pin_file *out)
{
	struct stat st;
	int rc = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	else if (st.st_size > SIM_PIN_FILE_BYTES)
		rc = -EFBIG;
	ssize_t n = rc == 0 ? read(fd, out->bytes, sizeof(out->bytes)) : 0;
	if (n < 0)
		rc = -errno;
	(void)close(fd); /* only read from */
	out->len = n > 0 ? (size_t)n : 0;
	return rc;
}

struct span
sim_pin_in(const struct sim_pin_file *file)
{
	static const char mark[] = "\xEF\xBB\xBF";
	struct span text = span_of(file->bytes, file->len);
	if (span_starts(text, span_str(mark)))
		text = span_skip(text, strlen(mark));
	text = span_trim(text);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return span_of(text.ptr, 0);
	if (text.len < PIN_LEAST || text.len > PIN_MOST)
		text.len = 0;
	return text;
}
