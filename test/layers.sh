#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# layers.sh - who may know whom, and who may talk to the kernel
#
# usage: test/layers.sh [DIRECTORY OF OBJECTS]
#
# 1. No file at the top of the tree includes a header of its own level or above.
#    Levels are declared once, in doc/LAYERS: "<level> <module>..." on a line.
# 2. Objects of levels 0, 1 and above 4, but for log, call nothing in libc that
#    makes a system call.  Programs of their own, in directories, may.
#
# Prints each offence and ends 1 if there is any.
set -u
cd "$(dirname "$0")/.." || exit
objects=${1:-build/release}
bad=0

awk '
FNR == NR {
	sub(/#.*/, "")
	for (i = 2; i <= NF; i++)
		level[$i] = $1
	next
}
FNR == 1 {
	me = FILENAME
	sub(/.*\//, "", me)
	sub(/\.[ch]$/, "", me)
	if (!(me in level)) {
		print FILENAME ": not in doc/LAYERS"
		bad = 1
	}
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	to = part[2]
	sub(/\.h$/, "", to)
	if (to == me)
		next
	if (!(to in level)) {
		print FILENAME ":" FNR ": " to " is not in doc/LAYERS"
		bad = 1
	} else if (level[to] >= level[me]) {
		print FILENAME ":" FNR ": level " level[me] " includes " to \
		      ", level " level[to]
		bad = 1
	}
}
END { exit bad }' doc/LAYERS ./*.[ch] || bad=1

# What wraps a system call in glibc, where it could be of use here.  The leading
# "__" and trailing "64", "_chk" of fortified or large-file variants are removed
# before comparing.  Plain memory, string and stdio formatting is not listed.
calls='socket socketpair bind listen accept accept4 connect shutdown
getsockname getpeername getsockopt setsockopt
send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg
read readv pread preadv write writev pwrite pwritev splice tee vmsplice sendfile
open openat creat close close_range dup dup2 dup3 pipe pipe2 fcntl ioctl
epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
poll ppoll select pselect eventfd signalfd timerfd_create timerfd_settime
timerfd_gettime inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
stat fstat lstat fstatat access faccessat unlink unlinkat rename link symlink
readlink readlinkat mkdir mkdtemp mkstemp rmdir chmod fchmod chown fchown chdir
fchdir chroot pivot_root mount umount umount2 truncate ftruncate fsync fdatasync
opendir readdir fopen fdopen fclose fread fwrite fgets fputs getline puts printf
fprintf vprintf vfprintf perror putchar fflush popen system tmpfile
fork vfork clone execv execve execvp execvpe execl execlp wait waitpid wait3 wait4
waitid kill raise killpg pidfd_open setsid setns unshare prctl ptrace daemon
getpid getppid getuid geteuid getgid getegid setuid setgid setreuid setregid
setresuid setresgid setgroups initgroups getrandom getentropy
clock_gettime gettimeofday time nanosleep clock_nanosleep usleep sleep alarm
setitimer sigaction signal sigprocmask pthread_sigmask sigtimedwait
mmap munmap mremap mprotect madvise mlock mlockall brk sbrk malloc calloc
realloc free reallocarray strdup strndup asprintf vasprintf
getrlimit setrlimit prlimit sysconf sched_setaffinity sched_yield syscall
uname gethostname sethostname if_nametoindex if_indextoname getaddrinfo
getifaddrs getpwnam getpwuid getgrnam syslog openlog exit _exit abort'

for o in "$objects"/*.o; do
	[ -e "$o" ] || continue
	m=$(basename "$o" .o)
	[ -e "$m.c" ] || continue		# left over from a renamed file
	nm -u "$o" | awk -v m="$m" -v calls="$calls" '
	FILENAME == "doc/LAYERS" {
		sub(/#.*/, "")
		for (i = 2; i <= NF; i++)
			if ($i == m)
				level = $1
		next
	}
	FNR == 1 {
		if (m == "log" || (level >= 2 && level <= 4))
			exit
		n = split(calls, list)
		for (i = 1; i <= n; i++)
			is_call[list[i]] = 1
	}
	{
		f = $2
		sub(/^__(isoc99_)?/, "", f)
		sub(/_2$/, "", f)
		sub(/_chk$/, "", f)
		sub(/64(_time64)?$/, "", f)
		if (f in is_call) {
			print m ".c: level " level " calls " $2 "()"
			bad = 1
		}
	}
	END { exit bad }' doc/LAYERS - || bad=1
done
exit $bad
