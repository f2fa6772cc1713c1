/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * catalog: a database's catalogue, as written down in a snapshot (xsd/catalog.xsd): so that
 * mappings are checked without the database.
 */
#ifndef SL_CONTRACT_CATALOG_H
#define SL_CONTRACT_CATALOG_H

#include "mappings/contract/reader.h"

/* root: a <catalog> of doc. Fills cx->contract->tables. */
void sl_catalog_read(sl_cx_t *cx, const sl_cdoc_t *doc, const xmlNode *root);

#endif
