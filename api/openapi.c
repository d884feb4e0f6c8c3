/*
 * The assembler takes the file in; its path is that from the folder where `make` runs.
 */
#include "openapi.h"

__asm__(".pushsection .rodata\n"
        ".globl openapi_text\n"
        ".hidden openapi_text\n"
        "openapi_text:\n"
        ".incbin \"docs/openapi.yaml\"\n"
        ".byte 0\n"
        ".popsection\n");
