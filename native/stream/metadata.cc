// Makes metadata of other metadata and the values that replace some of it.
#include "stream/metadata.h"

#include <utility>

Metadata NoMetadata() {
  static const Metadata none = std::make_shared<const MetadataValues>();
  return none;
}

Metadata MetadataOver(const Metadata& base, const Napi::Array& pairs) {
  const uint32_t length = pairs.Length();
  if (length == 0) return base;
  MetadataValues values = *base;
  for (uint32_t n = 0; n + 1 < length; n += 2) {
    const Napi::Value name = pairs.Get(n);
    const Napi::Value value = pairs.Get(n + 1);
    // They are there, but not in a worker that is being terminated.
    if (name.IsEmpty() || value.IsEmpty()) break;
    const auto bytes = value.As<Napi::Uint8Array>();
    values[name.As<Napi::String>()].assign(reinterpret_cast<const char*>(bytes.Data()),
                                           bytes.ByteLength());
  }
  return std::make_shared<const MetadataValues>(std::move(values));
}
