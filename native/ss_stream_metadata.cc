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

// What is not is left out: a Headers of JavaScript could not hold it either.
bool IsOneLine(const char* text, size_t length) {
  return std::none_of(text, text + length,
                      [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
}

void AddLine(const char* name, size_t name_length, const char* value, size_t length, void* opaque) {
  if (!IsOneLine(name, name_length) || !IsOneLine(value, length)) return;
  auto* lines = static_cast<std::string*>(opaque);
  lines->append(name, name_length).append(":").append(value, length).append("\n");
}

}  // namespace

// (name, bytes)
Napi::Value SsStream::SetMetadata(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  auto pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, info[0]);
  pair.Set(1u, info[1]);
  metadata_ = MetadataOver(metadata_, pair);
  answer_.erase(name);
  answer_.erase(LowerCase(name));
  // Each message has its own, which lws is given with it; with handlers lws is to have it at once.
  if (!handle_ || !handlers_) return info.Env().Undefined();
  (void)!lws_ss_set_metadata(handle_, metadata_->find(name)->first.c_str(), nullptr, 0);
  ApplyMetadata(metadata_, false);
  return info.Env().Undefined();
}

Napi::Value SsStream::GetMetadata(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const void* value = nullptr;
  size_t length = 0;
  if (!handle_) return info.Env().Undefined();
  auto answered = answer_.find(name);
  if (answered == answer_.end()) answered = answer_.find(LowerCase(name));
  if (answered != answer_.end())
    return Napi::Buffer<char>::Copy(info.Env(), answered->second.data(), answered->second.size());
  // With handlers, lws may have values that were not set here, for the time of a call.
  if (!handlers_ || lws_ss_get_metadata(handle_, name.c_str(), &value, &length)) {
    const auto set = metadata_->find(name);
    if (set == metadata_->end()) return info.Env().Undefined();
    value = set->second.data();
    length = set->second.size();
  }
  if (!value) return info.Env().Undefined();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), static_cast<const uint8_t*>(value), length);
}

// Of what the last answer says, as they are to be given to getMetadata().
Napi::Value SsStream::AnswerNames(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (const auto& value : answer_)
    names.Set(names.Length(), Napi::String::New(info.Env(), value.first));
  return names;
}

// A connection is made with the metadata of what it is made for. On MQTT a message is for its topic
// alone, and what the stream subscribes to is the stream's.
const Metadata& SsStream::MetadataToConnect() const {
  if (handlers_) return metadata_;
  if (outgoing_.empty() || (connect_metadata_ && !transactional_))
    return connect_metadata_ ? connect_metadata_ : metadata_;
  const OutgoingMessage& message = outgoing_.front();
  return acknowledged_ && !transactional_ ? message.metadata_of_stream() : message.metadata();
}

// Gives lws the values that it connects by, without those that the last answer set.
void SsStream::PrepareConnection() {
  if (!ssi_wsi(handle_)) ApplyMetadata(MetadataToConnect(), true);
}

// Only on MQTT: on other protocols messages have no metadata, or a connection each.
void SsStream::PrepareMessage(const OutgoingMessage& message) {
  if (handlers_ || !acknowledged_ || transactional_) return;
  if (applied_metadata_ != message.metadata()) ApplyMetadata(message.metadata(), true);
}

void SsStream::ApplyMetadata(const Metadata& values, bool over_answer) {
  if (!ssi_takes_metadata(handle_)) return;
  ssi_forget_metadata(handle_, over_answer);
  // lws keeps pointers.
  applied_metadata_ = values;
  for (const auto& [name, value] : *values)
    ssi_set_metadata(handle_, name.c_str(), value.data(), value.size());
}

// At CONNECTED, since lws does not keep the response, and the program may ask later.
void SsStream::ReadAnswer() {
  const auto read = [](const char* name, int length, void* opaque) {
    auto* self = static_cast<SsStream*>(opaque);
    const std::string key(name, static_cast<size_t>(length));
    // The first of several has the values of all.
    if (self->answer_.count(key) > 0) return;
    const void* value = nullptr;
    size_t bytes = 0;
    if (lws_ss_get_metadata(self->handle_, key.c_str(), &value, &bytes) == 0 && value)
      self->answer_[key].assign(static_cast<const char*>(value), bytes);
  };
  answer_.clear();
  ssi_each_answered(handle_, read, this);
  ssi_each_header(handle_, read, this);
}

// A line that says whether there was a redirect, and the URL; and one for each header: name:value
void SsStream::AddHead() {
  char url[kUrlBytes];
  const auto length = static_cast<size_t>(ssi_url(handle_, url, sizeof(url)));
  std::string head(1, ssi_is_redirected(handle_) ? '1' : '0');
  head.append(url, length).append("\n");
  ssi_each_field(handle_, AddLine, &head);
  AddEvent(StreamEvent::kHead, head, ssi_status(handle_));
}

// Trailers are told before the end of the payload, or, without payload, with the verdict.
void SsStream::AddTrailers() {
  if (!ssi_has_trailers(handle_)) return;
  std::string lines;
  ssi_each_field(handle_, AddLine, &lines);
  AddEvent(StreamEvent::kTrailers, lines, 0);
}
