# SPDX-License-Identifier: GPL-3.0-or-later
# SL_FLAGS: warnings, hardening, sanitizers, coverage -> SL_CFLAGS, SL_LDFLAGS
AC_DEFUN([SL_FLAGS], [
SL_CFLAGS="-std=c17 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wpointer-arith -Wformat=2 -Wno-format-nonliteral -Wvla -Wno-unused-parameter"
SL_LDFLAGS=""
AS_IF([test "x$enable_werror" = xyes], [SL_CFLAGS="$SL_CFLAGS -Werror"])
AS_IF([test "x$enable_sanitizers" = xyes],
  [SL_CFLAGS="$SL_CFLAGS -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g"
   SL_LDFLAGS="$SL_LDFLAGS -fsanitize=address,undefined"],
  [AS_IF([test "x$enable_hardening" = xyes],
    [SL_CFLAGS="$SL_CFLAGS -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2"
     SL_LDFLAGS="$SL_LDFLAGS -pie -Wl,-z,relro,-z,now"])])
AS_IF([test "x$enable_fuzzers" = xyes], [SL_CFLAGS="$SL_CFLAGS -fsanitize=fuzzer-no-link"])
AS_IF([test "x$enable_coverage" = xyes], [SL_CFLAGS="$SL_CFLAGS --coverage -O0" SL_LDFLAGS="$SL_LDFLAGS --coverage"])
AC_SUBST([SL_CFLAGS])
AC_SUBST([SL_LDFLAGS])
])
