/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * diff: what two versions of a mapping do differently, and which step of its version that needs
 * (Semantic Versioning 2.0.0, seen from the consumers' side):
 *   major  a consumer that used the old one may fail: a member of an answer is gone or of another
 *          type, a request is refused that was accepted, a status or problem is another
 *   minor  what is new, and no old consumer is hurt by it
 *   patch  only the legacy side, or nothing that anyone sees
 * An xpath= that is another makes other values: major. What stands in a shape that no operation of
 * the mapping uses hurts nobody: patch.
 * Before 1.0.0 a minor step is enough for what would be a major one.
 */
#ifndef SL_LAWS_DIFF_H
#define SL_LAWS_DIFF_H

#include "mappings/engine/plan.h"

typedef enum sl_step { SL_STEP_NONE, SL_STEP_PATCH, SL_STEP_MINOR, SL_STEP_MAJOR } sl_step_t;

typedef enum sl_visible {
  SL_VISIBLE_JSON,   /* to consumers */
  SL_VISIBLE_LEGACY, /* to the legacy system */
  SL_VISIBLE_LAWS    /* what is proved about it */
} sl_visible_t;

/* One difference. where: "getCustomer response /name". Texts live until it returns; line: in the
 * new mapping, in the old one for what is gone. */
typedef void sl_diff_report_t(void *context, sl_visible_t visible, sl_step_t step,
                              const char *where, const char *what, int line);

/* Reports all differences, the operations' in the new one's order; returns the step they need. */
sl_step_t sl_diff(const sl_mapping_t *before, const sl_mapping_t *after, sl_diff_report_t *report,
                  void *context);
/* The step from one version to another ("1.4.0"); NONE: the same or an earlier one. */
sl_step_t sl_version_step(const char *before, const char *after);
/* Is after the earlier one? */
bool sl_version_back(const char *before, const char *after);
/* Is it enough for what is needed? Never when it goes back. */
bool sl_version_honest(const char *before, const char *after, sl_step_t needed);
const char *sl_step_name(sl_step_t step); /* "patch" …; static */

#endif
