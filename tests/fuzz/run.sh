#!/bin/bash
# Run fuzz targets: tests/fuzz/run.sh SECONDS FILE...
#
# Each FILE (tests/fuzz/fuzz_NAME.c) is built with clang's libFuzzer and the address and undefined
# behaviour sanitizers, then runs for SECONDS. What it learns is kept in build/fuzz/corpus/NAME; inputs
# worth starting from lies in tests/fuzz/seeds/NAME/*.hex. Prints "ok - fuzz NAME" or "not ok - fuzz NAME"
# for each; the exit status is 1 if one failed. The input that made it fail stays in build/fuzz.
set -u

if [[ $# -lt 2 || ! $1 =~ ^[1-9][0-9]*$ ]]; then
	echo "usage: $0 SECONDS FILE..." >&2
	exit 2
fi
seconds=$1
shift
for file; do
	files+=("$(realpath "$file")")
done
cd "$(dirname "$0")/../.." || exit 2

out=build/fuzz
clang=${CLANG:-clang}
read -ra packages <<<"$(pkg-config --cflags jansson libdvbpsi 2>/dev/null)"
read -ra libraries <<<"$(pkg-config --libs jansson libdvbpsi uuid 2>/dev/null)"
flags=(-std=gnu11 -O1 -g -D_GNU_SOURCE -Iuserspace -I. "${packages[@]}" -fno-omit-frame-pointer
	-fno-sanitize-recover=undefined)

# compile SOURCE: into an object of the library. One that does not compile is left out: targets that
# need it then fail to link, the others do not care.
compile() {
	local object=$out/obj/${1//\//_}

	rm -f "${object%.c}.o"
	"$clang" "${flags[@]}" -fsanitize=fuzzer-no-link,address,undefined -c -o "${object%.c}.o" "$1" \
		2>"${object%.c}.log" || echo "# $1 does not compile, see ${object%.c}.log"
}

# The library: everything that has no library of its own beneath it but jansson and libdvbpsi.
build_library() {
	local source running=0

	mkdir -p $out/obj
	rm -f $out/obj/*.o $out/library.a
	for source in userspace/{base,media,relay,control}/*.c userspace/output/url*.c \
		userspace/output/{srt,udp,rtmp}_options.c userspace/output/{packet_filter,stream_id}.c \
		userspace/ingest/{frame,binding,link_watch}.c; do
		compile "$source" &
		if ((++running == 2)); then
			wait -n
			running=1
		fi
	done
	wait
	ar rcs $out/library.a $out/obj/*.o
}

# fuzz FILE: build and run one target, saying how it went.
fuzz() {
	local name corpus seed
	name=$(basename "$1" .c)
	name=${name#fuzz_}
	corpus=("$out/corpus/$name")
	mkdir -p "${corpus[0]}"
	for seed in "tests/fuzz/seeds/$name"/*.hex; do # bytes as hexadecimal text
		# shellcheck disable=SC2059
		[[ -e $seed ]] && printf "$(tr -d ' \n' <"$seed" | sed 's/../\\x&/g')" \
			>"${corpus[0]}/$(basename "$seed" .hex)"
	done
	if "$clang" "${flags[@]}" -fsanitize=fuzzer,address,undefined -o "$out/$name" "$1" \
		$out/library.a "${libraries[@]}" -lpthread -lm >"$out/$name.log" 2>&1 &&
		"$out/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
			-max_len=65536 -print_final_stats=1 -artifact_prefix="$out/$name-" \
			"${corpus[@]}" >>"$out/$name.log" 2>&1; then
		echo "ok - fuzz $name"
		return 0
	fi
	tail -n 40 "$out/$name.log" | sed 's/^/# /'
	echo "not ok - fuzz $name"
	return 1
}

build_library
status=0
for file in "${files[@]}"; do
	fuzz "$file" || status=1
done
exit $status
