/*
 * gsm7: the GSM 7-bit default alphabet (3GPP TS 23.038 clause 6.2.1), its
 * extension table (6.2.1.1) and its packing for USSD (6.1.2.3).
 * Pure; must never lose or invent a septet of a whole octet string.
 */
#include "modem/gsm7.h"

#include <errno.h>

#include "modem/gsm7_national.h"
#include "modem/ucs2.h"

enum {
	ESC = 0x1B,
	CR = 0x0D,
	SEPTET_BITS = 7,
	NO_SUCH = 0x100 /* beyond every septet */
};

/*
 * Clause 6.2.1. ESC stands as a space, as a receiver shows one that it
 * cannot follow (note 1); it is never encoded from there.
 */
static const uint16_t alphabet[128] = {
	0x0040,
	0x00A3,
	0x0024,
	0x00A5,
	0x00E8,
	0x00E9,
	0x00F9,
	0x00EC, /* 00 */
	0x00F2,
	0x00C7,
	0x000A,
	0x00D8,
	0x00F8,
	0x000D,
	0x00C5,
	0x00E5,
	0x0394,
	0x005F,
	0x03A6,
	0x0393,
	0x039B,
	0x03A9,
	0x03A0,
	0x03A8, /* 10 */
	0x03A3,
	0x0398,
	0x039E,
	0x0020,
	0x00C6,
	0x00E6,
	0x00DF,
	0x00C9,
	0x0020,
	0x0021,
	0x0022,
	0x0023,
	0x00A4,
	0x0025,
	0x0026,
	0x0027, /* 20 */
	0x0028,
	0x0029,
	0x002A,
	0x002B,
	0x002C,
	0x002D,
	0x002E,
	0x002F,
	0x0030,
	0x0031,
	0x0032,
	0x0033,
	0x0034,
	0x0035,
	0x0036,
	0x0037, /* 30 */
	0x0038,
	0x0039,
	0x003A,
	0x003B,
	0x003C,
	0x003D,
	0x003E,
	0x003F,
	0x00A1,
	0x0041,
	0x0042,
	0x0043,
	0x0044,
	0x0045,
	0x0046,
	0x0047, /* 40 */
	0x0048,
	0x0049,
	0x004A,
	0x004B,
	0x004C,
	0x004D,
	0x004E,
	0x004F,
	0x0050,
	0x0051,
	0x0052,
	0x0053,
	0x0054,
	0x0055,
	0x0056,
	0x0057, /* 50 */
	0x0058,
	0x0059,
	0x005A,
	0x00C4,
	0x00D6,
	0x00D1,
	0x00DC,
	0x00A7,
	0x00BF,
	0x0061,
	0x0062,
	0x0063,
	0x0064,
	0x0065,
	0x0066,
	0x0067, /* 60 */
	0x0068,
	0x0069,
	0x006A,
	0x006B,
	0x006C,
	0x006D,
	0x006E,
	0x006F,
	0x0070,
	0x0071,
	0x0072,
	0x0073,
	0x0074,
	0x0075,
	0x0076,
	0x0077, /* 70 */
	0x0078,
	0x0079,
	0x007A,
	0x00E4,
	0x00F6,
	0x00F1,
	0x00FC,
	0x00E0,
};

/* Clause 6.2.1.1: what follows ESC. */
static const struct {
	uint8_t septet;
	uint16_t point;
} extension[] = {
	{0x0A, 0x000C}, /* form feed */
	{0x14, 0x005E}, {0x28, 0x007B}, {0x29, 0x007D}, {0x2F, 0x005C},
	{0x3C, 0x005B}, {0x3D, 0x007E}, {0x3E, 0x005D}, {0x40, 0x007C},
	{0x65, 0x20AC}, /* the euro */
};

enum { EXTENDED = sizeof extension / sizeof extension[0] };

static uint32_t
default_extended_point(uint8_t septet)
{
	for (size_t i = 0; i < EXTENDED; i++)
		if (extension[i].septet == septet)
			return extension[i].point;
	return GSM7_NO_POINT;
}

/* What a septet means by itself. */
static uint32_t
point_of(struct gsm7_shift shift, uint8_t septet)
{
	uint32_t point = gsm7_locking_point(shift.locking, septet);

	return point != GSM7_NO_POINT ? point : alphabet[septet];
}

/* What it means after ESC, or GSM7_NO_POINT. */
static uint32_t
extended_point(struct gsm7_shift shift, uint8_t septet)
{
	uint32_t point = gsm7_single_point(shift.single, septet);

	return point != GSM7_NO_POINT ? point : default_extended_point(septet);
}

typedef uint32_t point_fn(struct gsm7_shift shift, uint8_t septet);

static unsigned
septet_of(point_fn *point_of_septet, struct gsm7_shift shift, uint32_t point)
{
	enum { SEPTETS = 128, SPACE = 0x20 };

	/* What is void in a table shows as a space, but is none. */
	if (point == SPACE)
		return point_of_septet == point_of ? SPACE : NO_SUCH;
	for (unsigned i = 0; i < SEPTETS; i++)
		if (i != ESC && point_of_septet(shift, (uint8_t)i) == point)
			return i;
	return NO_SUCH;
}

int
gsm7_from_utf8_shift(struct gsm7_shift shift, struct span utf8,
	uint8_t *septets, size_t cap, size_t *len)
{
	size_t put = 0;
	uint32_t point;
	int rc;

	while ((rc = ucs2_utf8_next(&utf8, &point)) == 0) {
		unsigned septet = septet_of(point_of, shift, point);
		bool extended = septet == NO_SUCH;

		if (extended)
			septet = septet_of(extended_point, shift, point);
		if (septet == NO_SUCH)
			return -EILSEQ;
		if (cap - put < (extended ? 2 : 1))
			return -ENOSPC;
		if (extended)
			septets[put++] = ESC;
		septets[put++] = (uint8_t)septet;
	}
	if (rc != -ENODATA)
		return rc;
	*len = put;
	return 0;
}

int
gsm7_from_utf8(struct span utf8, uint8_t *septets, size_t cap, size_t *len)
{
	struct gsm7_shift none = {0, 0};

	return gsm7_from_utf8_shift(none, utf8, septets, cap, len);
}

int
gsm7_to_utf8_shift(struct gsm7_shift shift, struct gsm7_septets in, char *utf8,
	size_t cap, size_t *len)
{
	size_t put = 0;

	if (cap == 0)
		return -ENOSPC;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t septet = in.ptr[i] & 0x7F;
		uint32_t point = point_of(shift, septet);
		int rc;

		if (septet == ESC && i + 1 < in.len) {
			septet = in.ptr[++i] & 0x7F;
			point = extended_point(shift, septet);
			if (point == GSM7_NO_POINT)
				point = point_of(shift, septet);
		}
		rc = ucs2_utf8_put(point, utf8, cap, &put);
		if (rc < 0)
			return rc;
	}
	utf8[put] = '\0';
	*len = put;
	return 0;
}

int
gsm7_to_utf8(
	const uint8_t *septets, size_t n, char *utf8, size_t cap, size_t *len)
{
	struct gsm7_shift none = {0, 0};
	struct gsm7_septets in = {septets, n};

	return gsm7_to_utf8_shift(none, in, utf8, cap, len);
}

/* ORs a septet into the bit string; the octets it enters are set first. */
static void
put_septet(uint8_t *octets, size_t index, uint8_t septet)
{
	size_t bit = index * SEPTET_BITS;
	unsigned shift = bit % 8;
	unsigned wide = (unsigned)(septet & 0x7F) << shift;

	if (shift == 0)
		octets[bit / 8] = (uint8_t)wide;
	else
		octets[bit / 8] = (uint8_t)(octets[bit / 8] | wide);
	if (shift > 1)
		octets[bit / 8 + 1] = (uint8_t)(wide >> 8);
}

int
gsm7_pack_ussd(const uint8_t *septets, size_t n, uint8_t *octets, size_t cap,
	size_t *len)
{
	/* Clause 6.1.2.3.1: seven spare bits, or a CR that would be taken
	 * for such a filling. */
	bool more = n % 8 == 7 || (n > 0 && n % 8 == 0 && septets[n - 1] == CR);
	size_t all = n + (more ? 1 : 0);
	size_t size;

	if (n > SIZE_MAX / 8)
		return -ENOSPC;
	size = (all * SEPTET_BITS + 7) / 8;
	if (size > cap)
		return -ENOSPC;
	for (size_t i = 0; i < n; i++)
		put_septet(octets, i, septets[i]);
	if (more)
		put_septet(octets, n, CR);
	*len = size;
	return 0;
}

static uint8_t
septet_at(const uint8_t *octets, size_t len, size_t index)
{
	size_t bit = index * SEPTET_BITS;
	unsigned wide = octets[bit / 8];

	if (bit / 8 + 1 < len)
		wide |= (unsigned)octets[bit / 8 + 1] << 8;
	return (wide >> bit % 8) & 0x7F;
}

int
gsm7_unpack_ussd(const uint8_t *octets, size_t len, uint8_t *septets,
	size_t cap, size_t *n)
{
	size_t count;

	if (len > SIZE_MAX / 8)
		return -ENOSPC;
	count = len * 8 / SEPTET_BITS;
	if (count > 0 && count % 8 == 0 &&
		septet_at(octets, len, count - 1) == CR)
		count--;
	if (count > cap)
		return -ENOSPC;
	for (size_t i = 0; i < count; i++)
		septets[i] = septet_at(octets, len, i);
	*n = count;
	return 0;
}

int
gsm7_pack_sms(struct gsm7_septets in, size_t first, uint8_t *octets, size_t cap)
{
	if (in.len > SIZE_MAX / 16 || first > SIZE_MAX / 16 ||
		((first + in.len) * SEPTET_BITS + 7) / 8 > cap)
		return -ENOSPC;
	for (size_t i = 0; i < in.len; i++)
		put_septet(octets, first + i, in.ptr[i]);
	return 0;
}

int
gsm7_unpack_sms(struct gsm7_octets in, size_t first, uint8_t *septets, size_t n)
{
	if (n > SIZE_MAX / 16 || first > SIZE_MAX / 16 ||
		((first + n) * SEPTET_BITS + 7) / 8 > in.len)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		septets[i] = septet_at(in.ptr, in.len, first + i);
	return 0;
}
