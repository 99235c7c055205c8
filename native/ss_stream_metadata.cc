// What a stream and its policy share: metadata, and with direct_proto_str all headers of a
// response; and what else a response says besides its payload.
#include <algorithm>
#include <cctype>

#include "lws_internals.h"
#include "ss_stream.h"

namespace {

// No URL is longer, with its host: kHeaderBytes of ss_context.cc.
constexpr size_t kUrlBytes = 33 * 1024;

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Nor could a Headers of JavaScript hold it.
bool IsOneLine(const char* text, size_t length) {
  return std::none_of(text, text + length,
                      [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
}

}  // namespace

// (name, bytes)
Napi::Value SsStream::SetMetadata(const Napi::CallbackInfo& info) {
  const auto value = info[1].As<Napi::Uint8Array>();
  const auto [entry, added] = metadata_.insert_or_assign(
      info[0].As<Napi::String>(),
      std::string(reinterpret_cast<const char*>(value.Data()), value.ByteLength()));
  (void)added;
  // lws keeps the pointers; the map keeps what they point to.
  const bool ok = handle_ && lws_ss_set_metadata(handle_, entry->first.c_str(),
                                                 entry->second.data(), entry->second.size()) == 0;
  return Napi::Boolean::New(info.Env(), ok);
}

Napi::Value SsStream::GetMetadata(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const void* value = nullptr;
  size_t length = 0;
  if (!handle_) return info.Env().Undefined();
  const auto header = headers_.find(LowerCase(name));
  if (header != headers_.end())
    return Napi::Buffer<char>::Copy(info.Env(), header->second.data(), header->second.size());
  if (lws_ss_get_metadata(handle_, name.c_str(), &value, &length)) {
    // Of a policy that counts from the next connection on.
    const auto set = metadata_.find(name);
    if (set == metadata_.end()) return info.Env().Undefined();
    value = set->second.data();
    length = set->second.size();
  }
  if (!value) return info.Env().Undefined();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), static_cast<const uint8_t*>(value), length);
}

// Names as they are to be given to getMetadata().
Napi::Value SsStream::HeaderNames(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (const auto& header : headers_)
    names.Set(names.Length(), Napi::String::New(info.Env(), header.first));
  return names;
}

// Now, since the program may well ask when lws has the response no more.
void SsStream::ReadHeaders() {
  const auto read = [](const char* name, int length, void* opaque) {
    auto* self = static_cast<SsStream*>(opaque);
    const std::string key(name, static_cast<size_t>(length));
    // The first of several has the values of all.
    if (self->headers_.count(key) > 0) return;
    const void* value = nullptr;
    size_t bytes = 0;
    if (lws_ss_get_metadata(self->handle_, key.c_str(), &value, &bytes) == 0 && value)
      self->headers_[key].assign(static_cast<const char*>(value), bytes);
  };
  headers_.clear();
  ssi_each_header(handle_, read, this);
}

// A line that says whether there was a redirect, and the URL; and one for each header: name:value
void SsStream::AddHead() {
  const auto add = [](const char* name, size_t name_length, const char* value, size_t length,
                      void* opaque) {
    if (!IsOneLine(name, name_length) || !IsOneLine(value, length)) return;
    auto* head = static_cast<std::string*>(opaque);
    head->append(name, name_length).append(":").append(value, length).append("\n");
  };
  std::string head(kUrlBytes, '\0');
  head[0] = ssi_is_redirected(handle_) ? '1' : '0';
  head.resize(1 + static_cast<size_t>(ssi_url(handle_, &head[1], kUrlBytes - 1)));
  head += "\n";
  ssi_each_field(handle_, add, &head);
  AddReceived(reinterpret_cast<const uint8_t*>(head.data()), head.size());
  AddEvent(StreamEvent::kHead, static_cast<uint32_t>(head.size()), ssi_status(handle_));
}
