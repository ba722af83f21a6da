/*
 * modem_sms_size: how long a text is before anybody sends it. It must need
 * no modem.
 */
#include "modem/modem_sms.h"

#include "modem/gsm7.h"
#include "modem/ucs2.h"

void
modem_sms_measure(struct span text, struct modem_sms_size *out)
{
	/* 3GPP TS 23.040, 9.2.3.24.1: 140 octets less a header of six. */
	enum { SEPTETS = 153, UNITS = 67 };
	size_t septets = 0, units = 0, n;
	uint8_t pair[2];
	uint32_t point;

	*out = (struct modem_sms_size){.is_unicode = false};
	while (text.len > 0) {
		struct span rest = text;

		if (ucs2_utf8_next(&rest, &point) < 0)
			break;
		if (gsm7_from_utf8(span_of(text.ptr, text.len - rest.len), pair,
			    sizeof pair, &n) < 0)
			out->is_unicode = true;
		else
			septets += n;
		units += point > 0xFFFF ? 2 : 1;
		text = rest;
	}
	out->signs = out->is_unicode ? units : septets;
	out->most = (size_t)MODEM_SMS_PARTS_MAX *
	            (out->is_unicode ? UNITS : SEPTETS);
}
