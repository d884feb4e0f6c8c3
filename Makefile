# MediaLive Distributor. `make help` lists the targets.

VERSION := 0.1.0
PREFIX  ?= /usr/local
MAN_DIR         = $(PREFIX)/share/man
COMPLETION_DIR  = $(PREFIX)/share/bash-completion/completions
CC      ?= cc
CLANG   ?= clang

# ASAN=1 (address and undefined behaviour) and TSAN=1 (threads) build in folders of their own.
ifeq ($(ASAN),1)
BUILD    := build/asan
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifeq ($(TSAN),1)
BUILD    := build/tsan
SANITIZE := -fsanitize=thread -fno-omit-frame-pointer
else
BUILD    := build
SANITIZE :=
endif

# WERROR= builds with a compiler that warns of more than the ones we know.
WERROR   ?= -Werror
WARNINGS := -Wall -Wextra $(WERROR) -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wundef
PACKAGES := libbpf libxdp srt librtmp libulfius libmicrohttpd jansson libdvbpsi uuid gnutls libsystemd
CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DDISTRIBUTOR_VERSION='"$(VERSION)"' \
            -DDASHBOARD_DIR='"$(PREFIX)/share/medialive-distributor/dashboard"' \
            -Iuserspace -I. -Itools -isystem $(BUILD)/bpf \
            $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null))
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARNINGS) $(SANITIZE) -fPIE -fstack-protector-strong -MMD -MP
LDFLAGS  += $(SANITIZE) -pie -Wl,-z,relro,-z,now -Wl,--as-needed
LDLIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpthread -lm

MODULES     := base media relay ingest doctor output control
LIB_SOURCES := $(foreach m,$(MODULES),$(wildcard userspace/$(m)/*.c)) $(wildcard api/*.c)
SOURCE_TOOL := $(wildcard tools/media-source/*.c)
UNIT_TESTS  := $(wildcard tests/unit/test_*.c)
FAKES       := $(filter-out $(UNIT_TESTS),$(wildcard tests/unit/*.c))
BPF_TESTS   := $(wildcard tests/bpf/test_*.c)
TEST_TOOLS  := $(wildcard tests/tools/*.c)
FUZZERS     := $(wildcard tests/fuzz/fuzz_*.c)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJECTS := $(call objects,$(LIB_SOURCES))
SKELETON    := $(BUILD)/bpf/steer.skel.h
LIBRARY     := $(BUILD)/libdistributor.a
TOOL_LIB    := $(BUILD)/libmediasource.a
PROGRAMS    := $(BUILD)/medialive-distributor $(BUILD)/media-source
TEST_PROGRAMS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_TESTS)) \
                 $(patsubst tests/bpf/%.c,$(BUILD)/bpf-tests/%,$(BPF_TESTS)) \
                 $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(TEST_TOOLS))
C_FILES     := $(wildcard bpf/*.[ch] userspace/*.[ch] userspace/*/*.[ch] api/*.[ch] tools/*/*.[ch] \
                 tests/*/*.[ch])
SHELL_FILES := $(wildcard tools/*.sh tools/*/*.sh tests/*.sh tests/*/*.sh systemd/*.sh tools/completion/*.bash) .ci/run

# V=1 shows the commands.
ifneq ($(V),1)
Q := @
say = @printf '  %-4s %s\n' $(1) $(2)
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps demo run test test-quick test-programs fuzz-objects bench bench-bpf bench-ingest fuzz lint format install uninstall deb image test-install clean help

all: $(PROGRAMS) ## build everything (this is the default)

deps: ## install the packages needed to build, run, demo and test (needs root)
	@tools/install-deps.sh

demo: ## install, build and show the main job; DEMO_SECONDS=20 ends by itself (needs root)
	@tools/install-deps.sh
	$(MAKE) --no-print-directory all
	@tools/demo.sh $(DEMO_SECONDS)

run: all ## build and run with the configuration in ./config
	$(BUILD)/medialive-distributor $(ARGS)

test: ## install what is missing and run every test, sanitizers included (needs root)
	@tools/install-deps.sh
	@tests/run.sh

test-quick: ## as test, without the sanitizer builds and the browser
	@tests/run.sh quick

.PHONY: test-vm
SHELL_FILES += $(wildcard vagrant/*/*.sh)
test-vm: ## Debian's 6.1 kernel and virtio_net with 4 queues in qemu, without KVM (needs root; 20 minutes at most)
	@tools/install-deps.sh vm
	@timeout --kill-after=30 1200 tests/vm/run.sh

test-programs: all $(TEST_PROGRAMS)

# Compiled only, so that none of them is forgotten.
fuzz-objects: $(call objects,$(FUZZERS))

bench: all $(addprefix $(BUILD)/bench/,srt_floor srt_sink udp_sink rtmp_sink latency) ## CPU, memory and latency beside libsrt, ffmpeg, srt-live-transmit, GStreamer
	@BUILD_DIR=$(abspath $(BUILD)) tools/bench/bench.sh

bench-bpf: $(BUILD)/bench/bpf ## print what the XDP program costs a packet (needs root)
	@$<

bench-ingest: all $(BUILD)/bench/ingest_load ## measure the receiving thread: 400 channels, XDP and sockets (needs root)
	@BUILD_DIR=$(abspath $(BUILD)) tools/bench/ingest.sh

lint: $(SKELETON) ## check format, include rule, C and shell sources, documents, JavaScript types
	@tools/lint.sh $(C_FILES) $(SHELL_FILES)

.PHONY: screenshots
screenshots: all $(BUILD)/tools/cue_injector $(BUILD)/tools/udp_relay ## make the README's pictures anew, from a live run (needs root, Chromium)
	@tests/docs/screenshots.sh

format: ## format the C sources in place
	clang-format -i $(C_FILES)

# A list of words would be removed, and the first word is somebody else's.
refuse_white_space = $(if $(filter-out 1,$(words x$(DESTDIR)$(PREFIX)x)),$(error PREFIX and DESTDIR must be without white space))

install: all ## install below PREFIX (default /usr/local), honouring DESTDIR
	$(refuse_white_space)
	install -D -m 755 $(BUILD)/medialive-distributor $(DESTDIR)$(PREFIX)/bin/medialive-distributor
	install -D -m 755 $(BUILD)/media-source $(DESTDIR)$(PREFIX)/bin/media-source
	install -D -m 755 tools/test.sh $(DESTDIR)$(PREFIX)/bin/medialive-distributor-test
	install -d $(DESTDIR)$(PREFIX)/share/medialive-distributor/dashboard
	install -m 644 $(wildcard dashboard/*.*) $(DESTDIR)$(PREFIX)/share/medialive-distributor/dashboard
	install -m 644 docs/openapi.yaml $(DESTDIR)$(PREFIX)/share/medialive-distributor
	install -D -m 644 docs/man/medialive-distributor.8 $(DESTDIR)$(MAN_DIR)/man8/medialive-distributor.8
	install -d $(DESTDIR)$(MAN_DIR)/man1
	install -m 644 docs/man/media-source.1 docs/man/medialive-distributor-test.1 $(DESTDIR)$(MAN_DIR)/man1
	install -D -m 644 tools/completion/medialive-distributor.bash \
		$(DESTDIR)$(COMPLETION_DIR)/medialive-distributor
	ln -sf medialive-distributor $(DESTDIR)$(COMPLETION_DIR)/media-source
	ln -sf medialive-distributor $(DESTDIR)$(COMPLETION_DIR)/medialive-distributor-test

uninstall: ## remove what install installed
	$(refuse_white_space)
	rm -f $(addprefix $(DESTDIR),$(foreach folder,$(PREFIX)/bin $(COMPLETION_DIR), \
		$(addprefix $(folder)/,medialive-distributor media-source medialive-distributor-test)) \
		$(MAN_DIR)/man8/medialive-distributor.8 $(addprefix $(MAN_DIR)/man1/,media-source.1 medialive-distributor-test.1))
	rm -rf $(DESTDIR)$(PREFIX)/share/medialive-distributor

deb: ## build the Debian package into build/deb
	@tools/deb.sh

# Any Debian 12 or 13; the name is docker's, podman's or buildah's to look up.
IMAGE ?= medialive-distributor
BASE  ?= debian:bookworm-slim
image: ## build an OCI image with docker, podman or buildah: IMAGE=name BASE=image
	@tools/image.sh $(IMAGE) $(BASE)

test-install: ## install by each of the ways, from nothing, and try it (needs root)
	@tools/install-deps.sh
	$(MAKE) --no-print-directory test-programs
	@tests/install/run.sh $(ONLY)

clean: ## remove everything that was built
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BUILD)/medialive-distributor: $(call objects,userspace/main.c userspace/options.c) $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/media-source: $(BUILD)/obj/tools/media-source/main.o $(TOOL_LIB) $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lpthread -lm

$(LIBRARY): $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(TOOL_LIB): $(call objects,$(filter-out %/main.c,$(SOURCE_TOOL)))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/obj/%.o: %.c | $(SKELETON)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# Ubuntu keeps bpftool beside its kernel tools; its /usr/sbin/bpftool only knows those of the running one.
BPFTOOL ?= $(lastword bpftool $(wildcard /usr/sbin/bpftool /usr/lib/linux-tools/*/bpftool))

$(BUILD)/bpf/steer.bpf.o: bpf/steer.bpf.c bpf/steer.h bpf/ceiling.h
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) -O2 -g -Wall -Wextra -Werror -target bpf -mcpu=v3 -isystem /usr/include/$(shell uname -m)-linux-gnu \
		-c -o $@ $<

$(SKELETON): $(BUILD)/bpf/steer.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name steer_bpf > $@.tmp && mv $@.tmp $@

# The program has it inside, see api/openapi.c.
$(call objects,api/openapi.c): docs/openapi.yaml

# A system header to the compiler, so its dependency files leave it out.
$(call objects,userspace/ingest/steering.c tools/bench/bpf.c $(BPF_TESTS)): $(SKELETON)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(call objects,$(FAKES) userspace/options.c) \
		$(TOOL_LIB) $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(if $(filter test_manager% test_api%,$*),$(call objects,$(FAKES))) \
		$(if $(filter test_options,$*),$(call objects,userspace/options.c)) $(TOOL_LIB) $(LIBRARY) -lcmocka $(LDLIBS)

$(BUILD)/bpf-tests/%: $(BUILD)/obj/tests/bpf/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(BUILD)/bench/%: $(BUILD)/obj/tools/bench/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What the receivers of `make bench` have in common.
$(BUILD)/bench/srt_sink $(BUILD)/bench/udp_sink $(BUILD)/bench/rtmp_sink: $(call objects,tools/bench/sink.c)
$(BUILD)/bench/rtmp_sink: $(call objects,tools/bench/rtmp_session.c)

$(BUILD)/tools/%: $(BUILD)/obj/tests/tools/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Each fuzz target for FUZZ_SECONDS, with clang's libFuzzer.
FUZZ_SECONDS ?= 60
fuzz: $(SKELETON) ## run every fuzz target for FUZZ_SECONDS (default 60)
	@tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
