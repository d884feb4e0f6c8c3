/*
 * ts_check FILE [PCR_MS]: is it a valid transport stream (ISO/IEC 13818-1)? Written from the standard, sharing
 * nothing with what it tests. Checked of every packet: sync byte, adaptation field control, length of the
 * adaptation field; the continuity counter (2.4.3.3), which may jump only where discontinuity_indicator is set;
 * PCRs, which may go back or on by more than PCR_MS (100) only in a packet with it (2.4.3.5; TR 101 290 2.3b);
 * that the indicator is not set in three packets in a row of a PID without PCR. Of PAT and PMT: the CRC of every
 * section. Prints "packets=N pat=N pmt=N discontinuities=N errors=N" and the first errors; the exit status is 1
 * if there are any.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET   188
#define PIDS     8192
#define NULL_PID 0x1fff
#define SECTION  4096
#define SHOWN    20
#define PCR_WRAP ((1LL << 33) * 300)

struct pid {
	bool seen, has_pcr, is_pmt, collecting;
	uint8_t last[PACKET], repeats;
	int announced; /* packets in a row with discontinuity_indicator */
	int64_t pcr;
	uint8_t section[SECTION];
	size_t have;
};

static struct pid *pids;
static int64_t pcr_limit = 2700000; /* 100 ms */
static unsigned long packets, errors, discontinuities, pats, pmts;

static void fail(unsigned int pid, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(unsigned int pid, const char *format, ...)
{
	va_list args;

	if (errors++ >= SHOWN)
		return;
	printf("packet %lu, PID %u: ", packets, pid);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static uint32_t crc(const uint8_t *data, size_t size)
{
	uint32_t sum = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		sum ^= (uint32_t)data[i] << 24;
		for (int bit = 0; bit < 8; bit++)
			sum = sum << 1 ^ (sum & 0x80000000 ? 0x04c11db7 : 0);
	}
	return sum;
}

/* A whole section of `size` bytes. */
static void take_section(unsigned int pid, const uint8_t *s, size_t size)
{
	if (size < 12 || crc(s, size)) {
		fail(pid, "a section with a wrong CRC");
		return;
	}
	if (pid) {
		pmts += s[0] == 2;
		return;
	}
	pats += s[0] == 0;
	for (size_t i = 8; i + 4 <= size - 4; i += 4)
		if (s[i] || s[i + 1])
			pids[(s[i + 2] & 0x1f) << 8 | s[i + 3]].is_pmt = true;
}

/* More bytes of sections; 0xff where one would begin is stuffing. */
static void collect(unsigned int number, const uint8_t *data, size_t size)
{
	struct pid *pid = &pids[number];
	size_t length;

	while (size && pid->collecting) {
		if (!pid->have && *data == 0xff)
			return;
		pid->section[pid->have++] = *data++;
		size--;
		if (pid->have < 3)
			continue;
		length = 3 + ((pid->section[1] & 0x0fu) << 8 | pid->section[2]);
		if (length > SECTION) {
			fail(number, "a section of %zu bytes", length);
			pid->collecting = false;
		} else if (pid->have == length) {
			take_section(number, pid->section, length);
			pid->have = 0;
		}
	}
}

static void take_psi(unsigned int number, const uint8_t *payload, size_t size, bool starts)
{
	struct pid *pid = &pids[number];
	size_t pointer = starts && size ? payload[0] : 0;

	if (!starts) {
		collect(number, payload, size);
		return;
	}
	if (pointer >= size) {
		fail(number, "a pointer beyond the packet");
		return;
	}
	collect(number, payload + 1, pointer);
	pid->collecting = true;
	pid->have = 0;
	collect(number, payload + 1 + pointer, size - 1 - pointer);
}

static void check_continuity(unsigned int number, const uint8_t *p, bool has_payload,
                             bool announced)
{
	struct pid *pid = &pids[number];
	const unsigned int last = pid->last[3] & 15u, now = p[3] & 15u;
	const bool repeated = has_payload && now == last && pid->last[3] & 0x10;

	if (pid->seen && !announced && repeated && ++pid->repeats > 1)
		fail(number, "the same counter %u three times", now);
	else if (pid->seen && !announced && !repeated &&
	         now != (has_payload ? (last + 1) & 15 : last))
		fail(number, "counter %u after %u", now, last);
	if (!repeated)
		pid->repeats = 0;
	if (announced && pid->seen && now != (has_payload ? (last + 1) & 15 : last)) {
		pid->collecting = false;
		pid->have = 0;
	}
	pid->announced = announced ? pid->announced + 1 : 0;
	if (pid->announced == 3 && !pid->has_pcr)
		fail(number, "discontinuity_indicator three times in a row");
	pid->seen = true;
	memcpy(pid->last, p, PACKET);
}

static void check_pcr(unsigned int number, const uint8_t *p, bool announced)
{
	struct pid *pid = &pids[number];
	const int64_t base = (int64_t)p[6] << 25 | p[7] << 17 | p[8] << 9 | p[9] << 1 | p[10] >> 7;
	const int64_t pcr = base * 300 + ((p[10] & 1) << 8 | p[11]);
	const int64_t step = (pcr - pid->pcr + PCR_WRAP) % PCR_WRAP;

	if (pid->has_pcr && !announced && step > pcr_limit)
		fail(number, "PCR %lld after %lld", (long long)pcr, (long long)pid->pcr);
	pid->has_pcr = true;
	pid->pcr = pcr;
}

static void check_packet(const uint8_t *p)
{
	const unsigned int number = (p[1] & 0x1fu) << 8 | p[2];
	const bool has_field = p[3] & 0x20, has_payload = p[3] & 0x10;
	const unsigned int field = has_field ? 1u + p[4] : 0;
	const bool announced = field > 1 && p[5] & 0x80;

	if (p[0] != 0x47) {
		fail(number, "no sync byte");
		return;
	}
	if (number == NULL_PID)
		return;
	if (!has_field && !has_payload)
		fail(number, "adaptation_field_control 00");
	if (has_field && (has_payload ? p[4] > 182 : p[4] != 183))
		fail(number, "adaptation field of %u bytes", p[4]);
	discontinuities += announced;
	check_continuity(number, p, has_payload, announced);
	if (field > 7 && p[5] & 0x10)
		check_pcr(number, p, announced);
	if (has_payload && field < PACKET - 4 && (!number || pids[number].is_pmt))
		take_psi(number, p + 4 + field, PACKET - 4 - field, p[1] & 0x40);
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 || argc == 3 ? fopen(argv[1], "rb") : NULL;
	uint8_t packet[PACKET];
	size_t size;

	pids = calloc(PIDS, sizeof(*pids));
	if (!file || !pids)
		return 2;
	if (argc == 3)
		pcr_limit = atoi(argv[2]) * 27000LL;
	while ((size = fread(packet, 1, PACKET, file)) == PACKET) {
		check_packet(packet);
		packets++;
	}
	if (size)
		fail(0, "%zu bytes at the end are no packet", size);
	if (!pats || !pmts)
		fail(0, "no PAT or no PMT");
	printf("packets=%lu pat=%lu pmt=%lu discontinuities=%lu errors=%lu\n", packets, pats, pmts,
	       discontinuities, errors);
	free(pids);
	fclose(file);
	return errors != 0;
}
