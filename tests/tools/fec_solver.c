/*
 * fec_solver LOG REFERENCE EXPECTED: what a perfect SMPTE 2022-1 receiver makes of what lossy_relay let pass.
 *
 * An erased packet can be had from an exclusive or in which nothing else is missing. Taking one after the
 * other ("peeling") until none is left that helps gives all that row and column recovery can yield, whatever
 * the order. Written without the distributor's code, so that the two can be wrong in different ways only.
 *
 * Numbers after the last media packet that passed do not exist for a receiver: they are neither lost nor
 * recoverable. EXPECTED gets the TS of all other packets but the lost ones, in order.
 * Prints "passed=N dropped=N recoverable=N lost=N"; dropped = recoverable + lost.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS   65536
#define MAX_FEC   65536
#define MAX_BYTES 2048

enum state {
	NEVER_SENT,
	PASSED,
	DROPPED,
	RECOVERED,
};

struct packet {
	unsigned int number;
	size_t size;
};

struct fec {
	unsigned int base, step, count;
};

static enum state states[NUMBERS];
static struct packet packets[NUMBERS]; /* in the order sent */
static struct fec fecs[MAX_FEC];
static size_t packet_count, fec_count, last_passed;

/* Errors: false when a line is none, or numbers come twice. */
static bool take_line(const char *line)
{
	char kind[8], outcome[8];
	unsigned int a, b, c;
	bool passed;

	if (sscanf(line, "media %u %u %7s", &a, &b, outcome) == 3) {
		passed = !strcmp(outcome, "passed");
		if (a >= NUMBERS || states[a] != NEVER_SENT || b > MAX_BYTES)
			return false;
		states[a] = passed ? PASSED : DROPPED;
		if (passed)
			last_passed = packet_count;
		packets[packet_count++] = (struct packet){a, b};
		return true;
	}
	if (sscanf(line, "%7s %u %u %u %7s", kind, &a, &b, &c, outcome) != 5)
		return false;
	if (strcmp(kind, "row") && strcmp(kind, "column"))
		return false;
	if (!strcmp(outcome, "passed") && fec_count < MAX_FEC)
		fecs[fec_count++] = (struct fec){a, b, c};
	return true;
}

static bool read_log(const char *path)
{
	FILE *log = fopen(path, "r");
	char line[128];
	bool good = log != NULL;

	while (good && fgets(line, sizeof(line), log))
		good = take_line(line);
	if (log)
		fclose(log);
	return good && packet_count > 0;
}

/* Whether the FEC packet yields one: all it protects is here but that one. */
static bool peel(const struct fec *fec)
{
	unsigned int missing = 0, which = 0;

	for (unsigned int i = 0; i < fec->count; i++) {
		const unsigned int number = (fec->base + i * fec->step) % NUMBERS;

		if (states[number] == NEVER_SENT)
			return false;
		if (states[number] == DROPPED) {
			missing++;
			which = number;
		}
	}
	if (missing != 1)
		return false;
	states[which] = RECOVERED;
	return true;
}

static void solve(void)
{
	bool changed = true;

	for (size_t i = last_passed + 1; i < packet_count; i++)
		states[packets[i].number] = NEVER_SENT;
	packet_count = last_passed + 1;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < fec_count; i++)
			changed |= peel(&fecs[i]);
	}
}

static bool write_expected(const char *from, const char *to)
{
	FILE *reference = fopen(from, "rb"), *expected = fopen(to, "wb");
	bool good = reference && expected;
	uint8_t bytes[MAX_BYTES];

	for (size_t i = 0; good && i < packet_count; i++) {
		const size_t size = packets[i].size;

		good = fread(bytes, 1, size, reference) == size;
		if (good && states[packets[i].number] != DROPPED)
			good = fwrite(bytes, 1, size, expected) == size;
	}
	if (reference)
		fclose(reference);
	return expected && !fclose(expected) && good;
}

int main(int argc, char **argv)
{
	unsigned int counts[RECOVERED + 1] = {0};

	if (argc != 4 || !read_log(argv[1]))
		return 2;
	solve();
	if (!write_expected(argv[2], argv[3]))
		return 1;
	for (size_t i = 0; i < packet_count; i++)
		counts[states[packets[i].number]]++;
	printf("passed=%u dropped=%u recoverable=%u lost=%u\n", counts[PASSED],
	       counts[DROPPED] + counts[RECOVERED], counts[RECOVERED], counts[DROPPED]);
	return 0;
}
