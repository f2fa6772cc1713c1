/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A main for fuzz targets in ordinary builds: runs the production function over every file given,
 * and over every file of every folder given. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static int replay_file(const char *path)
{
  FILE *f = fopen(path, "rb");
  if (!f) return perror(path), 1;
  char *data = NULL;
  size_t len = 0, cap = 0, n;
  do {
    if (cap - len < 65536) data = realloc(data, cap += 65536 + cap);
    if (!data) abort();
    n = fread(data + len, 1, cap - len, f);
    len += n;
  } while (n);
  fclose(f);
  LLVMFuzzerTestOneInput((const uint8_t *)data, len);
  free(data);
  inputs++;
  return 0;
}

static int replay(const char *path)
{
  struct stat st;
  if (stat(path, &st)) return perror(path), 1;
  if (!S_ISDIR(st.st_mode)) return replay_file(path);
  DIR *d = opendir(path);
  if (!d) return perror(path), 1;
  int rc = 0;
  for (struct dirent *e; (e = readdir(d));) {
    if (e->d_name[0] == '.') continue;
    char sub[4096];
    snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
    rc |= replay(sub);
  }
  closedir(d);
  return rc;
}

int main(int argc, char **argv)
{
  int rc = 0;
  for (int i = 1; i < argc; i++) rc |= replay(argv[i]);
  printf("%lu inputs replayed\n", inputs);
  return rc || !inputs;
}
