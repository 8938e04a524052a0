#!/usr/bin/env bash
# Starts and tests Guanxi on a fresh Debian 12 that has only git, curl, gcc and Rust, and prints times and sizes.
#   bench/fresh.sh [run] [test]     (as root; needs debootstrap; the last commit is what is built)
# The Debian lies in ~/.cache/guanxi/fresh and is made anew each time. Rust is that of this machine, seen from
# inside; so are the certificates by which it reaches the registries.
set -euo pipefail
cd "$(dirname "$0")/.."
parts=("${@:-run}")
[ "$#" -gt 0 ] || parts=(run test)
place="${XDG_CACHE_HOME:-$HOME/.cache}/guanxi/fresh"
rust=$(rustc --print sysroot)
[ "$(id -u)" = 0 ] || { echo "Please run this as root: it makes a Debian in a folder." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "Please install debootstrap." >&2; exit 1; }

leave() { # ends what runs in the Debian and unmounts what lies in it
  local process mount
  for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/root" 2>/dev/null)" = "$place" ]; then kill -9 "${process#/proc/}" 2>/dev/null || true; fi
  done
  sleep 1
  for mount in proc sys dev/pts dev/shm dev opt/rust; do
    if mountpoint -q "$place/$mount"; then umount "$place/$mount"; fi
  done
}
trap leave EXIT
leave
# What is mounted there is this machine's own.
if grep -q " $place/" /proc/mounts; then echo "Something is still mounted in $place." >&2; exit 1; fi
rm -rf "$place"
mkdir -p "$place"
echo "== a fresh Debian"
debootstrap --variant=minbase --include=git,curl,gcc,libc6-dev,ca-certificates bookworm "$place" >"$place.log" 2>&1 ||
  { tail -20 "$place.log" >&2; exit 1; }
mkdir -p "$place/opt/rust" "$place/dev/shm" "$place/root"
mount --bind "$rust" "$place/opt/rust"
mount -o remount,bind,ro "$place/opt/rust"
mount -t proc proc "$place/proc"
mount -t sysfs sysfs "$place/sys"
mount --bind /dev "$place/dev"
mount --bind /dev/pts "$place/dev/pts"
cp -L /etc/resolv.conf "$place/etc/resolv.conf"
cp -L /etc/hosts "$place/etc/hosts"
cp -L /etc/ssl/certs/ca-certificates.crt "$place/etc/ssl/certs/ca-certificates.crt"
git clone -q --no-hardlinks . "$place/root/guanxi"
if [ -d ../shared/data ]; then cp -rL ../shared "$place/root/shared"; fi

inside() { # command: in the Debian, with nothing of this machine's settings but where its certificates are
  chroot "$place" env -i HOME=/root LANG=C.UTF-8 TERM=dumb \
    PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt CARGO_HTTP_CAINFO=/etc/ssl/certs/ca-certificates.crt \
    bash -c "cd /root/guanxi && $1"
}
elapsed() { # since
  printf '%d:%02d' $((($(date +%s) - $1) / 60)) $((($(date +%s) - $1) % 60))
}

for part in "${parts[@]}"; do
  begun=$(date +%s)
  if [ "$part" = run ]; then
    log="$place.run.log"
    inside "exec ./run --listen 127.0.0.1:18080" >"$log" 2>&1 &
    started=$!
    until curl -fsS --noproxy "*" -o "$place.page" http://127.0.0.1:18080/login 2>/dev/null; do
      kill -0 "$started" 2>/dev/null || { tail -30 "$log" >&2; exit 1; }
      sleep 1
    done
    echo "== ./run: the first page after $(elapsed "$begun")"
    binary="$place/root/guanxi/target/release/guanxi"
    echo "   binary $(stat -c %s "$binary" | awk '{printf "%.1f MB", $1 / 1e6}')," \
      "build folder $(du -sm "$place/root/guanxi/target" | cut -f1) MB," \
      "$(grep -c '^ *Compiling' "$log") crates"
    pkill -f "^$place.*guanxi" 2>/dev/null || true
    pkill -f 'guanxi --data data serve --demo --listen 127.0.0.1:18080' || true
    wait "$started" 2>/dev/null || true
  else
    log="$place.test.log"
    inside "exec ./test" >"$log" 2>&1 || { tail -60 "$log" >&2; echo "== ./test failed after $(elapsed "$begun")"; exit 1; }
    echo "== ./test: passed after $(elapsed "$begun")"
    grep -E '^== |Summary|^# (pass|fail)' "$log"
  fi
done
