/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * regex_impl: what the parser of patterns (regex_parse.c) hands to the matcher (regex.c).
 */
#ifndef SL_CONTRACT_REGEX_IMPL_H
#define SL_CONTRACT_REGEX_IMPL_H

#include <stdbool.h>
#include <stdint.h>
#include "mappings/contract/regex.h"

enum {
  SL_REGEX_MAX_CODE = 20000,             /* instructions; a{1,4000} takes 8000 */
  SL_REGEX_MAX_WORK = 200 * 1000 * 1000, /* instructions times bytes: some seconds */
  SL_REGEX_TREE_CAP = 4 << 20,
  SL_REGEX_DEPTH = 64, /* groups in groups */
  SL_REGEX_MAX_COUNT = 10000,
};

typedef struct sl_rrange {
  uint32_t lo, hi;
} sl_rrange_t;

typedef struct sl_rset {
  const sl_rrange_t *ranges;
  uint32_t n;
  bool negated;
} sl_rset_t;

typedef enum sl_rop {
  SL_R_SET,   /* takes one character of set */
  SL_R_JUMP,  /* to x */
  SL_R_SPLIT, /* to x and to y */
  SL_R_BEGIN,
  SL_R_END,
  SL_R_WORD,
  SL_R_NO_WORD,
  SL_R_MATCH,
} sl_rop_t;

typedef struct sl_rinst {
  const sl_rset_t *set;
  uint32_t x, y;
  uint8_t op; /* sl_rop_t */
} sl_rinst_t;

struct sl_regex {
  sl_rinst_t *code;
  uint32_t n;
};

typedef struct sl_rnode sl_rnode_t;
struct sl_rnode {
  enum { SL_RN_SET, SL_RN_ASSERT, SL_RN_SEQUENCE, SL_RN_CHOICE, SL_RN_REPEAT } kind;
  sl_rop_t assertion;
  const sl_rset_t *set;
  uint32_t min, max; /* REPEAT; UINT32_MAX: any number */
  sl_rnode_t *first, *next;
};

/* The tree in scratch, its sets in keep. NULL: see sl_regex_compile. */
const sl_rnode_t *sl_regex_parse(sl_str_t pattern, sl_arena_t *scratch, sl_arena_t *keep,
                                 bool *wrong_p, char why[SL_REGEX_WHY]);

/* The character at *p, which is moved behind it. */
uint32_t sl_regex_char(const char **p, const char *end);
/* Its UTF-8 form; the number of bytes. */
size_t sl_regex_put(uint32_t c, char out[4]);

#endif
