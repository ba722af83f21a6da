/*
 * gsm: the alphabets of the AT line, written from TS 23.038 for the
 * simulator alone. Must never share code or tables with modem/.
 */
#include "tests/sim/gsm.h"

#include <stdbool.h>
#include <string.h>

enum { GSM_MAX = 32768, ESCAPE = 0x1B, CR = 0x0D };

/* TS 23.038 6.2.1, by septet. */
static const uint16_t alphabet[128] = {
	'@', 0xA3, '$', 0xA5, 0xE8, 0xE9, 0xF9, 0xEC,         //
	0xF2, 0xC7, '\n', 0xD8, 0xF8, '\r', 0xC5, 0xE5,       //
	0x394, '_', 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, //
	0x3A3, 0x398, 0x39E, 0xA0, 0xC6, 0xE6, 0xDF, 0xC9,    //
	' ', '!', '"', '#', 0xA4, '%', '&', '\'',             //
	'(', ')', '*', '+', ',', '-', '.', '/',               //
	'0', '1', '2', '3', '4', '5', '6', '7',               //
	'8', '9', ':', ';', '<', '=', '>', '?',               //
	0xA1, 'A', 'B', 'C', 'D', 'E', 'F', 'G',              //
	'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',               //
	'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',               //
	'X', 'Y', 'Z', 0xC4, 0xD6, 0xD1, 0xDC, 0xA7,          //
	0xBF, 'a', 'b', 'c', 'd', 'e', 'f', 'g',              //
	'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',               //
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w',               //
	'x', 'y', 'z', 0xE4, 0xF6, 0xF1, 0xFC, 0xE0           //
};

/* TS 23.038 6.2.1.1, after the escape. */
static const struct {
	uint8_t septet;
	uint16_t point;
} extension[] = {
	{0x0A, '\f'},
	{0x14, '^'},
	{0x28, '{'},
	{0x29, '}'},
	{0x2F, '\\'},
	{0x3C, '['},
	{0x3D, '~'},
	{0x3E, ']'},
	{0x40, '|'},
	{0x65, 0x20AC},
};

#define EXTENSIONS (sizeof extension / sizeof extension[0])

/* The next code point, or -1 for bytes that are no UTF-8. */
static long
take_point(const char **at)
{
	const unsigned char *p = (const unsigned char *)*at;
	int more = *p < 0x80             ? 0
	           : (*p & 0xE0) == 0xC0 ? 1
	           : (*p & 0xF0) == 0xE0 ? 2
	           : (*p & 0xF8) == 0xF0 ? 3
	                                 : -1;
	if (more < 0)
		return -1;
	long point = more == 0 ? *p : *p & (0x3F >> more);
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return -1;
		point = point << 6 | (p[i] & 0x3F);
	}
	*at += more + 1;
	return point;
}

static bool
put_point(char *out, size_t cap, size_t *len, uint32_t point)
{
	unsigned char bytes[4];
	size_t n = point < 0x80      ? 1
	           : point < 0x800   ? 2
	           : point < 0x10000 ? 3
	                             : 4;
	if (*len + n >= cap)
		return false;
	static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
	for (size_t i = n; i-- > 1; point >>= 6)
		bytes[i] = (unsigned char)(0x80 | (point & 0x3F));
	bytes[0] = (unsigned char)(lead[n] | point);
	memcpy(out + *len, bytes, n);
	*len += n;
	return true;
}

long
gsm_septets(const char *utf8, uint8_t *septets, size_t cap)
{
	size_t n = 0;
	while (*utf8 != '\0') {
		long point = take_point(&utf8);
		if (point < 0 || n + 2 > cap)
			return -1;
		size_t i = 0;
		while (i < 128 && (alphabet[i] != point || i == ESCAPE))
			i++;
		if (i < 128) {
			septets[n++] = (uint8_t)i;
			continue;
		}
		for (i = 0; i < EXTENSIONS && extension[i].point != point;)
			i++;
		if (i == EXTENSIONS)
			return -1;
		septets[n++] = ESCAPE;
		septets[n++] = extension[i].septet;
	}
	return (long)n;
}

long
gsm_text(const uint8_t *septets, size_t n, char *utf8, size_t cap)
{
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t point = alphabet[septets[i] & 0x7F];
		if (septets[i] == ESCAPE && i + 1 < n) {
			i++;
			point = alphabet[septets[i] & 0x7F];
			for (size_t k = 0; k < EXTENSIONS; k++)
				if (extension[k].septet == septets[i])
					point = extension[k].point;
		}
		if (!put_point(utf8, cap, &len, point))
			return -1;
	}
	utf8[len] = '\0';
	return (long)len;
}

long
gsm_packed_hex(const char *utf8, char *hex, size_t cap)
{
	uint8_t septets[GSM_MAX];
	uint8_t octets[GSM_MAX];
	long got = gsm_septets(utf8, septets, sizeof septets - 1);
	if (got < 0)
		return -1;
	size_t n = (size_t)got;
	if (n % 8 == 7)
		septets[n++] = CR;
	size_t bytes = (n * 7 + 7) / 8;
	memset(octets, 0, bytes);
	for (size_t i = 0; i < n; i++) {
		unsigned shifted = (unsigned)septets[i] << (i * 7 % 8);
		octets[i * 7 / 8] |= (uint8_t)shifted;
		if (shifted > 0xFF)
			octets[i * 7 / 8 + 1] |= (uint8_t)(shifted >> 8);
	}
	return gsm_hex(octets, bytes, hex, cap);
}

long
gsm_from_packed_hex(const char *hex, char *utf8, size_t cap)
{
	uint8_t octets[GSM_MAX];
	uint8_t septets[GSM_MAX] = {0};
	long bytes = gsm_from_hex(hex, octets, sizeof octets);
	if (bytes < 0 || (size_t)bytes * 8 / 7 > sizeof septets)
		return -1;
	size_t n = (size_t)bytes * 8 / 7;
	for (size_t i = 0; i < n; i++) {
		size_t at = i * 7 / 8;
		unsigned two = octets[at];
		if (at + 1 < (size_t)bytes)
			two |= (unsigned)octets[at + 1] << 8;
		septets[i] = two >> (i * 7 % 8) & 0x7F;
	}
	if (n > 0 && n % 8 == 0 && septets[n - 1] == CR)
		n--;
	return gsm_text(septets, n, utf8, cap);
}

long
gsm_ucs2_hex(const char *utf8, char *hex, size_t cap)
{
	uint8_t octets[GSM_MAX];
	size_t n = 0;
	while (*utf8 != '\0') {
		long point = take_point(&utf8);
		if (point < 0 || n + 4 > sizeof octets)
			return -1;
		if (point > 0xFFFF) {
			unsigned high =
				0xD800 + (unsigned)((point - 0x10000) >> 10);
			octets[n++] = (uint8_t)(high >> 8);
			octets[n++] = (uint8_t)high;
			point = 0xDC00 + ((point - 0x10000) & 0x3FF);
		}
		octets[n++] = (uint8_t)(point >> 8);
		octets[n++] = (uint8_t)point;
	}
	return gsm_hex(octets, n, hex, cap);
}

long
gsm_from_ucs2_hex(const char *hex, char *utf8, size_t cap)
{
	uint8_t octets[GSM_MAX];
	long bytes = gsm_from_hex(hex, octets, sizeof octets);
	if (bytes < 0 || bytes % 2 != 0)
		return -1;
	size_t len = 0;
	for (long i = 0; i < bytes; i += 2) {
		uint32_t point = (uint32_t)octets[i] << 8 | octets[i + 1];
		if (point >= 0xD800 && point < 0xDC00 && i + 3 < bytes) {
			i += 2;
			uint32_t low = (uint32_t)octets[i] << 8 | octets[i + 1];
			point = 0x10000 + ((point - 0xD800) << 10) +
			        (low & 0x3FF);
		}
		if (!put_point(utf8, cap, &len, point))
			return -1;
	}
	utf8[len] = '\0';
	return (long)len;
}

long
gsm_latin(const char *utf8, char *out, size_t cap)
{
	size_t n = 0;
	while (*utf8 != '\0') {
		long point = take_point(&utf8);
		if (point < 0 || point > 0xFF || n + 1 >= cap)
			return -1;
		out[n++] = (char)point;
	}
	out[n] = '\0';
	return (long)n;
}

long
gsm_hex(const void *octets, size_t n, char *hex, size_t cap)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char *p = octets;
	if (n * 2 >= cap)
		return -1;
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[p[i] >> 4];
		hex[2 * i + 1] = digits[p[i] & 15];
	}
	hex[2 * n] = '\0';
	return (long)(2 * n);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

long
gsm_from_hex(const char *hex, uint8_t *octets, size_t cap)
{
	size_t n = 0;
	for (; *hex != '\0'; hex += 2) {
		int high = hex_value(hex[0]);
		int low = high < 0 ? -1 : hex_value(hex[1]);
		if (low < 0 || n >= cap)
			return -1;
		octets[n++] = (uint8_t)(high << 4 | low);
	}
	return (long)n;
}
