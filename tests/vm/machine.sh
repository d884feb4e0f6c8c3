# shellcheck shell=bash
# The virtual machine, to be sourced: a network namespace with its interfaces' other ends, qemu without KVM in it.
#
#   10.78.0.1 tap management ── one queue  ── 10.78.0.2
#   10.79.0.1 tap media0     ── 4 queues   ── 10.79.0.2   all four in use: none is left for XDP
#   10.80.0.1 tap media1     ── 8 queues   ── 10.80.0.2   four in use: XDP takes the others
#
# The kernel chooses a tap's queue by a hash over the flow, and qemu hands it to the same queue of the guest. qemu runs in
# the foreground of a background job, so that its pid is the one that is kept.
vm_address=10.78.0.2
vm_mac=52:54:00:4d:4c:00
vm_media0_mac=52:54:00:4d:4c:01
vm_media1_mac=52:54:00:4d:4c:02
vm_processors=4
vm_pid=''

# machine_tap NAME ADDRESS [MODE]
machine_tap() {
  ip netns exec "$ns" ip tuntap add dev "$1" mode tap ${3:+"$3"} &&
    ip -n "$ns" addr add "$2/24" dev "$1" && ip -n "$ns" link set "$1" up
}

machine_network() {
  ip netns add "$ns" && ip -n "$ns" link set lo up &&
    machine_tap management 10.78.0.1 && machine_tap media0 10.79.0.1 multi_queue &&
    machine_tap media1 10.80.0.1 multi_queue
}

# The options of a network card, into the array vm_options: NAME MAC QUEUES.
machine_card() {
  local queues=$3 backend="tap,id=$1,ifname=$1,script=no,downscript=no,vhost=off" device="virtio-net-pci,netdev=$1,mac=$2"
  if [ "$queues" -gt 1 ]; then
    backend+=",queues=$queues"
    device+=",mq=on,vectors=$((2 * queues + 2))" # an interrupt for each ring, for control and for changes
  fi
  vm_options+=(-netdev "$backend" -device "$device")
}

# machine_start FOLDER: its processes end with this shell, or after 20 minutes.
machine_start() {
  local -a vm_options=()
  machine_card management "$vm_mac" 1
  machine_card media0 "$vm_media0_mac" 4
  machine_card media1 "$vm_media1_mac" 8
  nsenter --net="/run/netns/$ns" setpriv --pdeathsig KILL qemu-system-x86_64 -nodefaults -no-user-config \
    -display none -no-reboot -M q35 -accel tcg,thread=multi -cpu max -smp "$vm_processors" -m 1536 \
    -kernel "$1/kernel" -initrd "$1/initrd" -append 'root=/dev/vda rw console=ttyS0 quiet' \
    -serial "file:$work/console" \
    -drive "file=$1/root.img,format=raw,if=none,id=disk,snapshot=on" -device virtio-blk-pci,drive=disk \
    -object rng-random,filename=/dev/urandom,id=random -device virtio-rng-pci,rng=random \
    "${vm_options[@]}" >"$work/qemu.log" 2>&1 &
  vm_pid=$!
}

# machine_run COMMAND: by the machine's shell, as root; over one connection for all.
machine_run() {
  timeout 120 nsenter --net="/run/netns/$ns" ssh -q -i "$vm_folder/key" -o BatchMode=yes -o ConnectTimeout=5 \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o ControlMaster=auto -o ControlPath="$work/ssh" -o ControlPersist=600 "root@$vm_address" "$1" </dev/null
}

machine_stop() {
  [ ! -S "$work/ssh" ] || ssh -q -o ControlPath="$work/ssh" -O exit "root@$vm_address" 2>/dev/null
  [ -z "$vm_pid" ] || {
    kill "$vm_pid" 2>/dev/null
    wait "$vm_pid" 2>/dev/null
  }
  vm_pid=''
  ip netns del "$ns" 2>/dev/null
}
