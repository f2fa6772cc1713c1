/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * golden: golden cases ("customer" and others), for fuzz targets that need a mapping. They are
 * started from anywhere: the source tree is $SL_SOURCE, or above the folder that the program was
 * built in. */
#ifndef SL_TESTS_FUZZ_GOLDEN_H
#define SL_TESTS_FUZZ_GOLDEN_H

#include <stddef.h>
#include "mappings/engine/mapping.h"

/* The path of a file of the case "customer". */
void golden_path(const char *file, char *out, size_t size);
/* Its mapping, loaded once; aborts if that cannot be. Lives as long as the process. */
const sl_mapping_t *golden_mapping(void);
/* The mapping of another case, at most 8 of them. name has to be a literal: it is kept. */
const sl_mapping_t *golden_mapping_of(const char *name);

#endif
