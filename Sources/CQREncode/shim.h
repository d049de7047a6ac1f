// libqrencode draws the picture of a second factor.
#pragma once
#include <qrencode.h>
