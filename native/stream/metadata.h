// Values of metadata, which messages share until one has another.
#ifndef LWS_SS_NATIVE_STREAM_METADATA_H_
#define LWS_SS_NATIVE_STREAM_METADATA_H_

#include <napi.h>

#include <map>
#include <memory>
#include <string>

// Values of a streamtype's metadata, by name.
using MetadataValues = std::map<std::string, std::string>;

// They are shared by all that were sent with them, so they never change.
using Metadata = std::shared_ptr<const MetadataValues>;

Metadata NoMetadata();

// Those of `base`, and over them what `pairs`, names and bytes in turn, say.
Metadata MetadataOver(const Metadata& base, const Napi::Array& pairs);

#endif
