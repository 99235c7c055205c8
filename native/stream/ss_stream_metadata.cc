// The metadata of a stream, which with direct_proto_str includes all headers of a response; and the
// heads and trailers of responses.
#include <algorithm>
#include <cctype>

#include "stream/ss_stream.h"

namespace {

// No URL is longer, with its host: kHeaderBytes of ss_context.cc.
constexpr size_t kUrlBytes = 33 * 1024;

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Fields that are not one line are left out: a Headers object of JavaScript refuses them.
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
  if (!is_there() || exchange_->keeps_metadata()) return info.Env().Undefined();
  link_.ops->set_metadata(&link_, metadata_->find(name)->first.c_str(), nullptr, 0);
  ApplyMetadata(metadata_, false);
  return info.Env().Undefined();
}

Napi::Value SsStream::GetMetadata(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const void* value = nullptr;
  size_t length = 0;
  if (!is_there()) return info.Env().Undefined();
  auto answered = answer_.find(name);
  if (answered == answer_.end()) answered = answer_.find(LowerCase(name));
  if (answered != answer_.end())
    return Napi::Buffer<char>::Copy(info.Env(), answered->second.data(), answered->second.size());
  // lws may have values that were not set here, for the time of a call.
  if (exchange_->keeps_metadata() ||
      !link_.ops->get_metadata(&link_, name.c_str(), &value, &length)) {
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

const Metadata& SsStream::MetadataToConnect() const {
  return exchange_->MetadataToConnect(metadata_, connect_metadata_);
}

void SsStream::PrepareConnection() {
  if (phase() != SS_LINK_BUSY) ApplyMetadata(MetadataToConnect(), true);
}

void SsStream::PrepareMessage(const Metadata& values) {
  if (applied_metadata_ != values) ApplyMetadata(values, true);
}

void SsStream::ApplyMetadata(const Metadata& values, bool over_answer) {
  if (!link_.ops->forget_metadata(&link_, over_answer)) return;
  // lws keeps pointers.
  applied_metadata_ = values;
  for (const auto& [name, value] : *values)
    link_.ops->set_metadata(&link_, name.c_str(), value.data(), value.size());
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
    if (self->link_.ops->get_metadata(&self->link_, key.c_str(), &value, &bytes))
      self->answer_[key].assign(static_cast<const char*>(value), bytes);
  };
  answer_.clear();
  link_.ops->each_answered(&link_, read, this);
}

// A line that says whether there was a redirect, and the URL; and one for each header: name:value
void SsStream::AddHead() {
  char url[kUrlBytes];
  const size_t length = link_.ops->answer_url(&link_, url, sizeof(url));
  const ss_link_answer answer = link_.ops->answer(&link_);
  std::string head(1, answer.is_redirected ? '1' : '0');
  head.append(url, length).append("\n");
  link_.ops->each_field(&link_, AddLine, &head);
  sink_->AddBytes(StreamEvent::kHead, head, answer.status);
}

// A line with the method and the target, and one for each header: name:value
void SsStream::AddRequest() {
  const ss_link_request request = link_.ops->request_head(&link_);
  std::string head = std::string(request.method) + " " + request.target + "\n";
  link_.ops->each_field(&link_, AddLine, &head);
  sink_->AddBytes(StreamEvent::kHead, head, request.has_body);
}

// Trailers are told before the end of the payload, or, without payload, with the verdict.
void SsStream::AddTrailers() {
  if (!link_.ops->has_trailers(&link_)) return;
  std::string lines;
  link_.ops->each_field(&link_, AddLine, &lines);
  sink_->AddBytes(StreamEvent::kTrailers, lines, 0);
}
