# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lib.sh - boot the test machine, tell it what to do
#
# Sourced by the tests here, after ../ns/lib.sh, and by doc/demo.sh.  Needs TOP,
# the tree, and TMP, a directory.  The machine is made by mkinitramfs; its init
# says which steps there are, and how the console is used.

VM_DIR=${VM_DIR:-$TOP/build/vm}
VM='' vm_number=0

# vm_need() - Whether a machine can be started; stderr says what is missing
vm_need() {
	command -v qemu-system-x86_64 >/dev/null ||
		{ echo 'no qemu-system-x86_64' >&2; return 77; }
	"$TOP/test/vm/mkinitramfs" "$VM_DIR"
}

# vm_start() - Start QEMU, wait until the machine is up
# $@:	qrap and its options; QEMU and its arguments are appended
#
# Leaves the process in $VM.  Standard input is the console: descriptor 8.
vm_start() {
	rm -f "$TMP/console"
	mkfifo "$TMP/console"
	exec 8<>"$TMP/console"
	: >"$TMP/vm.log"
	"$@" qemu-system-x86_64 -M pc,accel=tcg -cpu max -m 256 \
		-nodefaults -display none -serial stdio \
		-kernel "$VM_DIR/kernel/vmlinuz" -initrd "$VM_DIR/initrd" \
		-append 'console=ttyS0 quiet loglevel=3' \
		<"$TMP/console" >>"$TMP/vm.log" 2>&1 8>&- &
	VM=$!
	vm_number=0
	vm_answer
}

# vm() - Have the machine take a step; what it says about it is in $detail
# $1:	Step
# $@:	Its arguments
#
# Return: 0 if the step held
vm() {
	vm_number=$((vm_number + 1))
	echo "$vm_number $*" >&8
	vm_answer
}

# vm_answer() - Wait for the answer to step $vm_number
vm_answer() {
	vm_end=$(($(date +%s) + 60))
	until grep -q "^STEP $vm_number " "$TMP/vm.log" && whole_lines; do
		detail='no answer'
		[ "$(date +%s)" -le "$vm_end" ] || break
		detail='the machine has ended'
		kill -0 "$VM" 2>/dev/null || break
		sleep 0.05
	done
	answer=$(sed -n "s/^STEP $vm_number [^ ]* //p" "$TMP/vm.log")
	detail=${answer:-$detail}
	case $detail in
	ok*)	detail=${detail#ok}; detail=${detail# }; detail=${detail% } ;;
	*)	detail=${detail#FAIL}; detail=${detail# }
		sed -n "/^STEP $((vm_number - 1)) /,\$ { /^STEP .* ok/! p }" "$TMP/vm.log"
		return 1 ;;
	esac
}

whole_lines() { [ -z "$(tail -c 1 "$TMP/vm.log")" ]; }

# vm_reboot() - Restart the machine, not QEMU; wait until it is up
vm_reboot() {
	vm reboot || return
	: >"$TMP/vm.log"
	vm_number=0
	vm_answer
}

# vm_stop() - Switch the machine off
#
# Return: status of qrap, thus QEMU's
vm_stop() {
	vm off || return
	exec 8>&-
	wait "$VM"
}
