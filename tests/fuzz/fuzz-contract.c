/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a contract: read, or refused with a diagnostic. The file is in memory, so what it
 * includes by a relative name is not found, which is part of the test. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/diag.h"
#include "core/err.h"
#include "mappings/contract/contract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  int fd = memfd_create("contract", MFD_CLOEXEC);
  SL_ASSERT(fd >= 0);
  SL_ASSERT(write(fd, data, size) == (ssize_t)size);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  sl_diags_t *diags = sl_diags_new();
  sl_contract_t *contract = sl_contract_load(path, diags);
  /* Loaded or refused: there is no third way, and a refusal says why. */
  SL_ASSERT((contract == NULL) == (sl_diags_errors(diags) > 0));
  for (size_t i = 0; contract && i < sl_contract_op_count(contract); i++) {
    const sl_wsdl_op_t *op = sl_contract_op_at(contract, i);
    SL_ASSERT(op->name && op->port && op->action && op->endpoint && op->body_ns);
    SL_ASSERT(!op->input || op->input->type);
    SL_ASSERT(sl_contract_op(contract, op->name, NULL) != NULL);
  }
  sl_contract_destroy(&contract);
  sl_diags_destroy(&diags);
  close(fd);
  return 0;
}
