# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makefile - build, check, install
#
#	make			passt, pasta (the same program), qrap/qrap, passtctl/passtctl,
#				passt-repair/passt-repair
#	make check		every test; what it needs is installed by test/deps
#	make demo		show it: doc/demo.sh
#	make demo-migrate	a machine moves to another host: doc/demo-migrate.sh
#	make bench		measure it beside others: test/bench/bench.sh
#	make bench-checkpoint	measure checkpoints: test/bench/checkpoint.sh
#	make DEBUG=1		assertions abort; objects are kept apart
#	make CC=clang WERROR=-Werror V=1
#
# Each .c at the top of the tree belongs to the program.  Tests and tools name
# the sources they link in their first comment, after " * links:".

CC	?= cc
PREFIX	?= /usr/local
JOBS	?= $(shell nproc)

WARN	:= -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wcast-qual -Wvla -Wundef -Wformat=2 \
	   -Wimplicit-fallthrough -Wswitch-enum
WERROR	?=
CFLAGS	?= -O2 -g
BASE	:= -std=gnu11 -D_GNU_SOURCE -I. $(WARN)
SAN	:= -fsanitize=address,undefined -fno-sanitize-recover=all \
	   -fno-omit-frame-pointer

# V=1 shows whole commands
Q	:= $(if $(V),,@)
say	= @$(if $(V),:,echo "$(1)	$@")

# B is where objects go: one directory for each set of flags
B	?= build/$(if $(DEBUG),debug,release)
DEFS	:= $(if $(DEBUG),-DDEBUG)

SRC	:= $(wildcard *.c)
MAN	:= $(wildcard *.1 qrap/*.1 passtctl/*.1 passt-repair/*.1)
PROGS	:= $(if $(wildcard passt.c),passt pasta) \
	   $(patsubst %.c,%,$(wildcard qrap/qrap.c passtctl/passtctl.c passt-repair/passt-repair.c))
# What passtctl has in common with passt
CTL	:= passtctl/passtctl.c json.c util.c
UNIT	:= $(patsubst test/unit/%.c,build/unit/%,$(wildcard test/unit/*.c))
SCRIPT	:= $(patsubst test/script/%.c,build/script/%,$(wildcard test/script/run.c))
RATE	:= $(SCRIPT:build/script/%=build/rate/%)
FUZZ	:= $(patsubst test/fuzz/%.c,%,\
	     $(filter-out test/fuzz/main.c,$(wildcard test/fuzz/*.c)))
REPLAY	:= $(addprefix build/fuzz/,$(FUZZ))
LIBFUZZ	:= $(addprefix build/libfuzzer/bin/,$(FUZZ))
TOOLS	:= $(patsubst test/%.c,build/tool/%,$(wildcard test/*.c))
# The stand-in guest, if test/ft/mklwip was there; its state is in sections of its own
LWIP	:= $(wildcard build/lwip/lwip.o)
FT	:= $(if $(LWIP),build/tool/guest build/tool/epochs)
FT_OBJ	:= $(patsubst %,build/tool/obj/test/ft/%.o,guest link pattern service stack state) \
	   $(B)/csum.o
LOADS	:= $(patsubst test/bench/%.c,build/tool/%,$(wildcard test/bench/*.c))
ASAN	:= $(if $(wildcard passt.c),build/asan/passt build/asan/pasta) \
	   $(if $(wildcard qrap/qrap.c),build/asan/qrap/qrap) \
	   $(if $(wildcard passtctl/passtctl.c),build/asan/passtctl/passtctl) \
	   $(patsubst %.c,build/asan/%,$(wildcard passt-repair/passt-repair.c))

.PHONY: all objects check check-long asan tests demo demo-migrate bench bench-checkpoint \
	fuzz lint layers docs headers install installed clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGS)

passt: $(SRC:%.c=$(B)/%.o)
	$(call say,link)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
pasta: passt
	ln -sf passt $@
qrap/qrap: $(patsubst %.c,$(B)/%.o,$(wildcard qrap/*.c))
passtctl/passtctl: $(CTL:%.c=$(B)/%.o)
passt-repair/passt-repair: $(B)/passt-repair/passt-repair.o
qrap/qrap passtctl/passtctl passt-repair/passt-repair:
	$(call say,link)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/csum.o: CFLAGS += -O3
$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(BASE) $(WERROR) $(CFLAGS) $(CPPFLAGS) $(DEFS) -MMD -MP -c -o $@ $<

objects: $(SRC:%.c=$(B)/%.o) \
	 $(patsubst %.c,$(B)/%.o,$(wildcard qrap/*.c passtctl/*.c passt-repair/*.c))

# Everything below runs with assertions, ASan and UBSan, and without warnings
build/asan/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(BASE) -Werror -O1 -g $(SAN) -DDEBUG -MMD -MP -c -o $@ $<
build/libfuzzer/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,clang)
	$(Q)clang $(BASE) -Werror -O1 -g $(SAN) -fsanitize=fuzzer-no-link -DDEBUG \
		-MMD -MP -c -o $@ $<

build/asan/passt: $(SRC:%.c=build/asan/%.o)
build/asan/qrap/qrap: $(patsubst %.c,build/asan/%.o,$(wildcard qrap/*.c))
build/asan/passtctl/passtctl: $(CTL:%.c=build/asan/%.o)
build/asan/passt-repair/passt-repair: build/asan/passt-repair/passt-repair.o
build/asan/passt build/asan/qrap/qrap build/asan/passtctl/passtctl \
build/asan/passt-repair/passt-repair:
	$(call say,link)
	$(Q)$(CC) $(SAN) -o $@ $^
build/asan/pasta: build/asan/passt
	ln -sf passt $@

# $(call linked,from,to,objects): build/to/x of test/from/x.c and what it names
links	= $(shell sed -n 's/^ \* links: //p' $(1))
define linked
build/$(2)/$(notdir $(1)): build/$(3)/test/$(1).o \
	$(patsubst %.c,build/$(3)/%.o,$(call links,test/$(1).c)) Makefile
endef
$(foreach t,$(UNIT),$(eval $(call linked,unit/$(notdir $t),unit,asan)))
$(foreach t,$(SCRIPT),$(eval $(call linked,script/$(notdir $t),script,asan)))
$(foreach t,$(FUZZ),$(eval $(call linked,fuzz/$t,fuzz,asan)))
$(foreach t,$(FUZZ),$(eval $(call linked,fuzz/$t,libfuzzer/bin,libfuzzer)))
$(REPLAY): build/asan/test/fuzz/main.o
$(UNIT) $(SCRIPT) $(REPLAY):
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(SAN) -o $@ $(filter %.o,$^)
$(LIBFUZZ):
	@mkdir -p $(@D)
	$(call say,clang)
	$(Q)clang $(SAN) -fsanitize=fuzzer -o $@ $(filter %.o,$^)

# Tools take part in measurements, and so do scripts: optimised, and no sanitizer
build/tool/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(BASE) -Werror -O2 -g -MMD -MP -c -o $@ $<
$(foreach t,$(TOOLS),$(eval $(call linked,$(notdir $t),tool,tool/obj)))
$(foreach t,$(RATE),$(eval $(call linked,script/$(notdir $t),rate,tool/obj)))
$(foreach t,$(LOADS),$(eval $(call linked,bench/$(notdir $t),tool,tool/obj)))
$(TOOLS) $(LOADS) $(RATE):
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) -o $@ $(filter %.o,$^)

build/tool/obj/test/ft/%.o: test/ft/%.c $(LWIP) Makefile
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(BASE) -Itest/ft -isystem build/lwip/include -Werror -O2 -g -fno-pie \
		-fno-common -MMD -MP -c -o $@ $<
	$(Q)$(if $(filter stack service,$*),objcopy --rename-section .data=ft_data \
		--rename-section .bss=ft_bss $@)
build/tool/guest: $(FT_OBJ) $(LWIP)
	$(call say,cc)
	$(Q)$(CC) -no-pie -o $@ $^
build/tool/epochs: build/tool/obj/test/ft/epochs.o
	$(call say,cc)
	$(Q)$(CC) -no-pie -o $@ $^

asan: $(ASAN)
tests: $(ASAN) $(UNIT) $(SCRIPT) $(RATE) $(REPLAY) $(TOOLS) $(LOADS) $(FT)
fuzz: $(LIBFUZZ)

check:
	test/deps
	test/vm/mkinitramfs
	test/ft/mklwip || [ $$? = 77 ]
	+$(MAKE) -j$(JOBS) objects B=build/strict-gcc CC=gcc WERROR=-Werror
	+$(MAKE) -j$(JOBS) objects B=build/strict-clang CC=clang WERROR=-Werror
	+$(MAKE) -j$(JOBS) all tests
	test/run

# Campaigns that take longer than make check may
check-long: check
	test/run --long

# Measure, compare, draw: BENCH='-n 3 tcp rr' for a part; see test/bench/bench.sh
bench: all $(TOOLS) $(LOADS)
	test/deps build bench
	test/vm/mkinitramfs
	test/bench/bench.sh $(BENCH)

# The same for checkpoints, into doc/checkpoint.md: BENCH='-n 3 count' for a part
bench-checkpoint: all
	test/deps build bench
	test/vm/mkinitramfs
	test/bench/checkpoint.sh $(BENCH)

demo: all
	test/deps demo
	doc/demo.sh

# DEMO='--idle 1000 --memory 1024' for more connections
demo-migrate: all
	test/deps demo
	doc/demo-migrate.sh $(DEMO)

lint:
	test/lint.sh
layers: objects
	test/layers.sh $(B)
docs:
	test/docs.sh
installed: all
	test/installed.sh
headers:
	@for h in *.h; do \
		$(CC) $(BASE) -Werror -fsyntax-only -x c -include $$h /dev/null || exit; \
	done

# REPAIR_GROUP, who may run passt-repair, and SETCAP=setcap, which lets it do what it is
# for: see passt-repair/grant.sh
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(filter-out pasta passt-repair/%,$(PROGS)) $(DESTDIR)$(PREFIX)/bin/
	install -m 750 $(filter passt-repair/%,$(PROGS)) $(DESTDIR)$(PREFIX)/bin/
	ln -sf passt $(DESTDIR)$(PREFIX)/bin/pasta
	install -m 644 $(MAN) $(DESTDIR)$(PREFIX)/share/man/man1/
	$(Q)REPAIR_GROUP='$(REPAIR_GROUP)' SETCAP='$(SETCAP)' passt-repair/grant.sh \
		'$(DESTDIR)$(PREFIX)/bin/passt-repair' '$(DESTDIR)'

clean:
	rm -rf build passt pasta qrap/qrap passtctl/passtctl passt-repair/passt-repair

-include $(shell find build -name '*.d' 2>/dev/null)
