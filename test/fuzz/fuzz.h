/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - a fuzz target
 *
 * test/fuzz/x.c defines the function below, takes @data as what a guest, a peer
 * or the command line sent, and returns 0.  It resets each module it uses
 * first: an input must do the same whatever came before it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_H */
