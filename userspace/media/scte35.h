/*
 * SCTE-35 sections: cues for splicing in a transport stream (ANSI/SCTE 35 2023, section 9).
 *
 * A section is read in place: what has a variable length (descriptors, components, scheduled events, UPIDs)
 * stays where it is and is walked with the scte35_next_ functions. Nothing is allocated; every read is bounded.
 *
 *	if (scte35_parse(&section, data, size) == 0) {
 *		struct byte_reader loop = section.descriptors;
 *
 *		while (scte35_next_descriptor(&loop, &descriptor))
 *			if (scte35_get_segmentation(&descriptor, &segmentation))
 *				...
 *	}
 *
 * All functions: any thread; no state.
 */
#ifndef MEDIA_SCTE35_H
#define MEDIA_SCTE35_H

#include "base/bytes.h"

#define SCTE35_TABLE_ID  0xfc
#define SCTE35_CUEI      0x43554549u /* "CUEI": registration of the stream and of descriptors */
#define SCTE35_MAX_BYTES 4096

/* splice_command_type, table 6. */
enum scte35_command {
	SCTE35_NULL = 0x00,
	SCTE35_SCHEDULE = 0x04,
	SCTE35_INSERT = 0x05,
	SCTE35_TIME_SIGNAL = 0x06,
	SCTE35_BANDWIDTH_RESERVATION = 0x07,
	SCTE35_PRIVATE = 0xff,
};

/* splice_descriptor_tag, table 15. */
enum scte35_tag {
	SCTE35_AVAIL = 0,
	SCTE35_DTMF = 1,
	SCTE35_SEGMENTATION = 2,
	SCTE35_TIME = 3,
	SCTE35_AUDIO = 4,
};

/* splice_time(), table 13. */
struct scte35_time {
	bool specified;
	uint64_t pts; /* 33 bits of 90 kHz, as sent: see scte35_adjust */
};

/*
 * splice_insert(), table 9, or an event of splice_schedule(), table 8. Of a cancelled event only event_id,
 * cancel and, when scheduled, id_compliance are there, of another everything that its flags say.
 */
struct scte35_splice {
	uint32_t event_id;
	bool cancel;
	bool id_compliance; /* event_id_compliance_flag as sent; older streams have 1 there, reserved */
	bool out_of_network;
	bool immediate;          /* splice_insert alone */
	bool program;            /* all components at once: by `time`, or by `utc` when scheduled */
	struct scte35_time time; /* splice_insert, program, not immediate */
	uint32_t utc; /* scheduled: seconds since 1980-01-06 00:00:00 UTC, leap seconds counted */
	uint8_t component_count;       /* not program: those in components */
	struct byte_reader components; /* borrowed; see scte35_next_component */
	bool has_duration;             /* break_duration(), table 14 */
	bool auto_return;
	uint64_t duration; /* 90 kHz, 33 bits */
	uint16_t unique_program_id;
	uint8_t avail_num, avails_expected;
};

/* splice_info_section(), table 5. */
struct scte35_section {
	uint8_t sap_type; /* 3: not told */
	bool encrypted;   /* then the command is not decoded: no command, no descriptors */
	uint8_t encryption_algorithm, cw_index;
	uint64_t pts_adjustment;     /* 33 bits */
	uint16_t tier;               /* 0xfff: not assigned */
	uint8_t command;             /* scte35_command, or one that is reserved; 0 when encrypted */
	struct scte35_splice insert; /* SCTE35_INSERT */
	struct scte35_time time;     /* SCTE35_TIME_SIGNAL */
	uint8_t event_count;         /* SCTE35_SCHEDULE: those in events */
	struct byte_reader events;   /* borrowed; see scte35_next_event */
	uint32_t private_identifier; /* SCTE35_PRIVATE */
	struct byte_reader private_data; /* borrowed */
	struct byte_reader descriptors;  /* borrowed; see scte35_next_descriptor */
};

/*
 * Read a whole section of size bytes, CRC included; what follows its section_length is ignored. *section borrows
 * data. Reserved commands are passed over as far as their length is told. Errors: -EINVAL: another table, an unknown
 * protocol version, malformed; -EBADMSG: wrong CRC.
 */
int scte35_parse(struct scte35_section *section, const uint8_t *data, size_t size);

/* The PTS that is meant by a time of the section: with pts_adjustment, modulo 2^33. Section 9.6. */
uint64_t scte35_adjust(const struct scte35_section *section, uint64_t pts);

/* "splice_insert" and so on; "reserved" for others. */
const char *scte35_command_name(uint8_t command);

/* The next event of splice_schedule(). False after the last one, or when malformed. */
bool scte35_next_event(struct byte_reader *events, struct scte35_splice *event);

/* A component of a splice that is not of the whole program. */
struct scte35_component {
	uint8_t tag;
	struct scte35_time time; /* splice_insert, not immediate */
	uint32_t utc;            /* scheduled */
};

/* Walk splice->components, of a splice_insert or of a scheduled event. False after the last, or when malformed. */
bool scte35_next_component(struct byte_reader *components, const struct scte35_splice *splice,
                           bool scheduled, struct scte35_component *component);

/* splice_descriptor(), table 16. */
struct scte35_descriptor {
	uint8_t tag;         /* scte35_tag, if the identifier is SCTE35_CUEI */
	uint32_t identifier; /* of whoever defines what follows */
	const uint8_t *data; /* behind the identifier; borrowed */
	size_t size;
};

/* False after the last one. */
bool scte35_next_descriptor(struct byte_reader *loop, struct scte35_descriptor *descriptor);

/* segmentation_descriptor(), table 20. Of a cancelled one only event_id, cancel and id_compliance are there. */
struct scte35_segmentation {
	uint32_t event_id;
	bool cancel;
	bool id_compliance; /* segmentation_event_id_compliance_indicator, likewise */
	bool restricted;    /* the four that follow hold */
	bool web_allowed, no_regional_blackout, archive_allowed;
	uint8_t device_restrictions; /* 3: none */
	bool program;
	uint8_t component_count;       /* not program: those in components */
	struct byte_reader components; /* borrowed; see scte35_next_offset */
	bool has_duration;
	uint64_t duration; /* 90 kHz, 40 bits */
	uint8_t upid_type, upid_size;
	const uint8_t *upid; /* raw; borrowed */
	uint8_t type;        /* segmentation_type_id, table 23 */
	uint8_t segment_num, segments_expected;
	bool has_sub_segments;
	uint8_t sub_segment_num, sub_segments_expected;
};

/* The get functions: false when the descriptor is another or malformed. */
bool scte35_get_segmentation(const struct scte35_descriptor *descriptor,
                             struct scte35_segmentation *segmentation);

/* Walk segmentation->components: a component's tag, and what is to be added to the splice time (90 kHz). */
bool scte35_next_offset(struct byte_reader *components, uint8_t *tag, uint64_t *pts_offset);

/* provider_avail_id of avail_descriptor(), table 17. */
bool scte35_get_avail(const struct scte35_descriptor *descriptor, uint32_t *provider_avail_id);

/* DTMF_descriptor(), table 18. */
struct scte35_dtmf {
	unsigned int preroll_ms;
	uint8_t count;     /* of characters, at most 7 */
	const char *tones; /* ASCII, not terminated; borrowed */
};

bool scte35_get_dtmf(const struct scte35_descriptor *descriptor, struct scte35_dtmf *dtmf);

/* time_descriptor(), table 26: the provider's clock. */
struct scte35_clock {
	uint64_t tai_seconds; /* since 1970-01-01 00:00:00 TAI; 48 bits */
	uint32_t tai_ns;
	uint16_t utc_offset; /* seconds to take from TAI for UTC */
};

bool scte35_get_time(const struct scte35_descriptor *descriptor, struct scte35_clock *clock);

#endif
