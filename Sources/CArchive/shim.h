// libarchive writes and reads the zip of an evidence package.
#pragma once
#include <archive.h>
#include <archive_entry.h>
