// Cairo draws the PDF of a report, Pango sets its text.
#pragma once
#include <cairo-pdf.h>
#include <pango/pangocairo.h>

// GObject's casts are macros, which Swift does not see.
static inline void waybill_unref(void *object) { g_object_unref(object); }
