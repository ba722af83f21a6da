# topupd: everything is built under build/; `make help` lists the targets.
# BUILD names the folder, so that a sanitizer build stands beside the plain one.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
VERSION := 0.1.0

PKGS := libserialport libconfig inih libuv sqlite3 libsodium libpcre2-8 jansson
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS)) -lcsv

WARN := -Wall -Wextra -Wswitch-enum -Wshadow -Wconversion
ifeq ($(WERROR),1)
WARN += -Werror
endif
# Assertions stay in release builds: NDEBUG is never set.
HARDEN := -fPIE -fstack-protector-strong
HARDEN_LD := -pie -Wl,-z,relro -Wl,-z,now
ifeq ($(SANITIZE),)
# _FORTIFY_SOURCE and the sanitizers' interceptors get in each other's way.
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
else
SAN := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

CFLAGS  ?= -O2 -g
# 64-bit time and file offsets on 32-bit ARM too.
CPPFLAGS += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	-DTOPUP_VERSION='"$(VERSION)"' -DTOPUP_DATADIR='"$(PREFIX)/share/topupd"' \
	-I. $(PKG_CFLAGS)
ALL_CFLAGS  = -std=gnu17 $(WARN) $(HARDEN) $(SAN) $(CFLAGS)
ALL_LDFLAGS = $(HARDEN_LD) $(SAN) $(LDFLAGS)

MODEM_SRC := $(wildcard modem/*.c)
AGENT_SRC := $(filter-out agent/topupd.c agent/topupctl.c,$(wildcard agent/*.c))
SIM_SRC   := $(filter-out tests/sim/modemsim.c,$(wildcard tests/sim/*.c))
SUPPORT_SRC := $(wildcard tests/support/*.c)
VIRTUAL_SRC := $(wildcard tests/virtual/*.c)
CRASH_SRC := $(filter-out tests/crash/simulate.c tests/crash/test_% \
	tests/crash/kill%,$(wildcard tests/crash/*.c))
UNIT     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
SCENARIO := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/scenario/test_*.c))
BENCH    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/bench_*.c))
PROGRAMS := $(BUILD)/topupd $(BUILD)/topupctl $(BUILD)/modemsim

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

all: $(PROGRAMS) ## build topupd, topupctl and the modem simulator

# Two files that change only when what they hold does: objects follow the
# flags, archives the list of sources (a file that went away must leave).
define remember
$(shell mkdir -p $(BUILD); echo '$(2)' | cmp -s - $(1) || echo '$(2)' >$(1))
endef
ifeq ($(filter clean help lint demo,$(MAKECMDGOALS)),)
$(call remember,$(BUILD)/flags,$(subst ','\'',$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)))
$(call remember,$(BUILD)/sources,$(MODEM_SRC) $(AGENT_SRC) $(SIM_SRC) $(SUPPORT_SRC) $(VIRTUAL_SRC) $(CRASH_SRC))
endif
$(BUILD)/flags $(BUILD)/sources:

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Archives let each program and test pull in only what it uses.
$(BUILD)/libmodem.a: $(call obj,$(MODEM_SRC))
$(BUILD)/libagent.a: $(call obj,$(AGENT_SRC))
$(BUILD)/libsim.a: $(call obj,$(SIM_SRC))
$(BUILD)/libsupport.a: $(call obj,$(SUPPORT_SRC))
$(BUILD)/libvirtual.a: $(call obj,$(VIRTUAL_SRC))
$(BUILD)/libcrash.a: $(call obj,$(CRASH_SRC))
$(BUILD)/lib%.a: $(BUILD)/sources
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

LINK = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@
$(BUILD)/topupd: $(BUILD)/agent/topupd.o $(BUILD)/libagent.a $(BUILD)/libmodem.a
	$(LINK) $^ $(PKG_LIBS)
$(BUILD)/topupctl: $(BUILD)/agent/topupctl.o $(BUILD)/libagent.a $(BUILD)/libmodem.a
	$(LINK) $^ $(PKG_LIBS)
$(BUILD)/modemsim: $(BUILD)/tests/sim/modemsim.o $(BUILD)/libsim.a
	$(LINK) $^ $(PKG_LIBS)

TEST_LIBS := $(BUILD)/libsupport.a $(BUILD)/libsim.a $(BUILD)/libagent.a $(BUILD)/libmodem.a
# These run in virtual time: the loop and the ports of libvirtual.a come
# before the real ones, which are then not taken.
VIRTUAL := $(addprefix $(BUILD)/tests/unit/test_, \
	alarm_watch backup balance_text dialogue dialogue_text fleet fleet_pin \
	fleet_recover fleet_reload follow_up metrics_file dispatch \
	dispatch_batches dispatch_carry \
	dispatch_breakers dispatch_clock dispatch_disk dispatch_queue \
	dispatch_random dispatch_status message message_random \
	message_step message_trust restored sentry sentry_evidence spool_scan veil)
$(VIRTUAL): $(BUILD)/libvirtual.a
$(UNIT) $(SCENARIO) $(BENCH): $(BUILD)/%: $(BUILD)/%.o $(TEST_LIBS)
	$(LINK) $< $(filter %/libvirtual.a %.steps.o,$^) $(TEST_LIBS) \
		$(PKG_LIBS) -lcmocka $(LINK_MORE)

# What reads foreign bytes, compiled so that its steps are counted; what it
# copies or searches is counted by length.
STEPS := $(patsubst %,$(BUILD)/modem/%.steps.o,span at gsm7 gsm7_national ucs2 \
	ussd ussd_decode ussd_guess pdu pdu_decode pdu_encode sim_tries \
	nitz \
	framer chat scripts dialects dialects_scripts)
$(BUILD)/%.steps.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -O1 -fno-builtin -U_FORTIFY_SOURCE \
		-fsanitize-coverage=trace-pc -MMD -MP -c -o $@ $<
$(BUILD)/tests/unit/test_steps: $(STEPS)
$(BUILD)/tests/unit/test_steps: LINK_MORE := -Wl,--wrap=memcpy,--wrap=memmove \
	-Wl,--wrap=memset,--wrap=memcmp,--wrap=memchr,--wrap=strlen

# Whole lives of the daemon in virtual time. What the spool does to files
# asks the simulated machine first.
CRASH := $(filter-out %/test_kill,$(patsubst %.c,$(BUILD)/%,\
	$(wildcard tests/crash/test_*.c)))
SIMULATE := $(BUILD)/tests/crash/simulate
CRASH_WRAP := -Wl,--wrap=fsync,--wrap=renameat,--wrap=unlinkat
CRASH_LIBS := $(addprefix $(BUILD)/lib,crash.a virtual.a support.a sim.a \
	agent.a modem.a)
$(SIMULATE) $(CRASH): $(BUILD)/%: $(BUILD)/%.o $(CRASH_LIBS)
	$(LINK) $(CRASH_WRAP) $< \
		$(CRASH_LIBS) $(PKG_LIBS) -lcmocka -lm

# The real binaries under SIGKILL; the watcher is put before topupd.
TEST_KILL := $(BUILD)/tests/crash/test_kill
KILLS := $(BUILD)/tests/crash/kill $(TEST_KILL)
WATCHER := $(BUILD)/tests/crash/kill_step.so
KILL_OBJ := $(call obj,$(addprefix tests/crash/kill_,siege.c plan.c law.c))
$(WATCHER): tests/crash/kill_step.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu17 $(WARN) -O2 -g -fPIC -shared -o $@ $<
$(KILLS): $(BUILD)/%: $(BUILD)/%.o $(KILL_OBJ) $(TEST_LIBS) | $(WATCHER)
	$(LINK) $< $(KILL_OBJ) $(TEST_LIBS) $(PKG_LIBS) -lcmocka

# One bug a patch, planted on purpose: the simulation has to find each.
PLANTED := $(patsubst tests/crash/planted/%.patch,$(BUILD)/planted/%,\
	$(wildcard tests/crash/planted/*.patch))
$(BUILD)/planted/%: tests/crash/planted/%.patch tests/crash/plant \
		$(SIMULATE).o $(CRASH_LIBS)
	@mkdir -p $(@D)
	COMPILE='$(CC) $(CPPFLAGS) $(ALL_CFLAGS)' \
	LINK='$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(CRASH_WRAP)' \
	OBJECTS='$(SIMULATE).o' LIBS='$(CRASH_LIBS) $(PKG_LIBS) -lcmocka -lm' \
	tests/crash/plant $< $@

# Once is enough: what a sanitizer finds is not what is looked for.
ifeq ($(SANITIZE),)
FIND_PLANTED := tests/crash/find_planted
else
PLANTED :=
endif

# Each fuzz target twice: with libFuzzer where clang has it, and as a test of
# its own that replays seeds, findings and changes of them.
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,\
	$(wildcard tests/fuzz/fuzz_*.c))
REPLAY := $(addprefix $(BUILD)/tests/fuzz/replay_,$(FUZZ_TARGETS))
FUZZ_SEEDS := $(BUILD)/fuzz/seeds/.made
CORPUS ?= ../shared/corpus
$(FUZZ_SEEDS): tests/fuzz/make_seeds $(wildcard tests/fuzz/seeds/*/*) \
		$(wildcard $(CORPUS)/*.tsv)
	CORPUS='$(CORPUS)' $< $(@D)
FUZZ_SHARED := $(call obj,tests/fuzz/replay.c tests/fuzz/fuzz.c)
$(REPLAY): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(FUZZ_SHARED) $(TEST_LIBS) | $(FUZZ_SEEDS)
	$(LINK) $< $(FUZZ_SHARED) $(TEST_LIBS) $(PKG_LIBS) -lcmocka

# Its commands stand in for all those that control_request knows.
COMMANDS := agent/control_request.c
$(BUILD)/tests/fuzz/fuzz_control.o: $(COMMANDS)
$(BUILD)/tests/fuzz/fuzz_control.o: CPPFLAGS += -DFUZZ_COMMANDS='$(shell sed -n \
	's/^\t{"[a-z_]*", control_\([a-z_]*\), \([A-Z]*\),.*/COMMAND(\1, \2)/p' \
	$(COMMANDS))'

SECONDS_EACH ?= 10
FUZZ ?= $(FUZZ_TARGETS)
fuzz: ## libFuzzer on each target, SECONDS_EACH=10 (FUZZ='at pdu': these only)
	MAKE='$(MAKE)' CORPUS='$(CORPUS)' SECONDS_EACH=$(SECONDS_EACH) \
		tests/fuzz/run $(FUZZ)

# What tests/fuzz/run builds, in a folder of its own.
FUZZ_PROGRAMS := $(addprefix $(BUILD)/tests/fuzz/fuzz_,$(FUZZ_TARGETS))
$(FUZZ_PROGRAMS): %: %.o $(BUILD)/tests/fuzz/fuzz.o $(TEST_LIBS) | $(FUZZ_SEEDS)
	$(LINK) -fsanitize=fuzzer $< $(BUILD)/tests/fuzz/fuzz.o $(TEST_LIBS) \
		$(PKG_LIBS)

planted: $(PLANTED) ## each planted bug is found by the simulation
	BUILD=$(BUILD) scripts/run-tests $(FIND_PLANTED)

everything: all $(UNIT) $(SCENARIO) $(BENCH) $(CRASH) $(SIMULATE) $(KILLS) $(REPLAY) ## build the tests too, run nothing

check: $(UNIT) $(CRASH) $(REPLAY) ## unit tests
	BUILD=$(BUILD) scripts/run-tests $(UNIT) $(CRASH) $(REPLAY)

scenario: all $(SCENARIO) $(KILLS) ## the real binaries against the modem simulator
	BUILD=$(BUILD) scripts/run-tests $(TEST_KILL) $(SCENARIO)

test: all $(UNIT) $(SCENARIO) $(CRASH) $(KILLS) $(PLANTED) $(REPLAY) ## unit tests and scenarios
	BUILD=$(BUILD) scripts/run-tests $(FIND_PLANTED) $(CRASH) $(TEST_KILL) $(UNIT) $(SCENARIO) $(REPLAY)

asan: ## all tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(MAKE) BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g' test

lint: ## layers, sizes, formatting, clang-tidy, cppcheck
	scripts/lint

bench: $(PROGRAMS) $(BENCH) ## timings, as ratios in one run
	BUILD=$(BUILD) scripts/bench

demo: ## four simulated modems redeem a batch of sixty cards
	scripts/demo

# The unit names the programs where PREFIX puts them.
SHARE = $(DESTDIR)$(PREFIX)/share/topupd
LIBDIR = $(DESTDIR)$(PREFIX)/lib
MANDIR = $(DESTDIR)$(PREFIX)/share/man
BASH_COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
install: all ## install under DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(SHARE)/operators \
		$(LIBDIR)/systemd/system $(LIBDIR)/sysusers.d $(LIBDIR)/tmpfiles.d
	install -m 755 $(BUILD)/topupd $(DESTDIR)$(PREFIX)/sbin/topupd
	install -m 755 $(BUILD)/topupctl $(DESTDIR)$(PREFIX)/bin/topupctl
	install -m 644 conf/operators/*.ini $(SHARE)/operators/
	install -m 644 conf/topupd.conf $(SHARE)/topupd.conf.example
	install -m 644 conf/udev/70-topupd.rules $(SHARE)/70-topupd.rules.example
	sed 's|/usr/local|$(PREFIX)|' conf/systemd/topupd.service \
		>$(LIBDIR)/systemd/system/topupd.service
	chmod 644 $(LIBDIR)/systemd/system/topupd.service
	install -m 644 conf/sysusers/topupd.conf $(LIBDIR)/sysusers.d/topupd.conf
	install -m 644 conf/tmpfiles/topupd.conf $(LIBDIR)/tmpfiles.d/topupd.conf
	install -d $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man8 \
		$(BASH_COMPLETIONS) $(ZSH_COMPLETIONS)
	set -e; for page in conf/man/*.[158]; do \
		to=$(MANDIR)/man$${page##*.}/$${page##*/}; \
		sed 's|/usr/local|$(PREFIX)|' $$page >$$to; chmod 644 $$to; \
	done
	install -m 644 conf/completion/topupctl.bash $(BASH_COMPLETIONS)/topupctl
	install -m 644 conf/completion/topupd.bash $(BASH_COMPLETIONS)/topupd
	install -m 644 conf/completion/_topupctl conf/completion/_topupd \
		$(ZSH_COMPLETIONS)

clean: ## remove everything that was built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

.PHONY: planted fuzz all everything check scenario test asan lint bench demo install clean help
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')
