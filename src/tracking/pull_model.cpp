// Models of a registry, downloaded whole.
#include <fmt/format.h>

#include "base/atomic_file.h"
#include "tracking/artifacts.h"
#include "tracking/download_model.h"

namespace joulecast {

namespace fs = std::filesystem;

namespace tracking {

Expected<PulledModel> download_model(Rest& rest, const ResolvedModel& model, const fs::path& out,
                                     const TrackingHooks& hooks) {
  const TrackingServer& server = rest.server();
  auto store = ArtifactStores(rest).at(model.source);
  if (!store) return tl::unexpected(store.error());
  const auto files = plain(store->files_below(""));
  if (!files) return tl::unexpected(files.error());
  if (files->empty())
    return fail(ErrorKind::kServer,
                fmt::format("{}: version {} of {} holds no files", server.uri, model.version, model.name), {},
                "Its files may have been deleted; pull another version");
  // Beside the folder and then renamed, so that a broken download leaves what was there.
  std::error_code code;
  if (fs::exists(out, code) && !fs::is_empty(out, code))
    return fail(ErrorKind::kNotWritable, "is there already, and not empty", {out.string()},
                "Name a new folder, or remove that one");
  fs::path target = out;
  if (!target.has_filename()) target = target.parent_path();
  const fs::path partial = target.string() + ".tmp-pull";
  fs::remove_all(partial, code);
  PulledModel pulled{model.name, model.version, model.source, out, {}};
  std::size_t done = 0;
  for (const ArtifactEntry& file : *files) {
    if (auto got = plain(store->get(file.path, partial / file.path)); !got) {
      fs::remove_all(partial, code);
      return tl::unexpected(got.error());
    }
    const auto size = fs::file_size(partial / file.path, code);
    if (file.bytes != 0 && size != file.bytes) {
      fs::remove_all(partial, code);
      return fail(ErrorKind::kServer,
                  fmt::format("{}: {} has {} bytes, and {} arrived", server.uri, file.path, file.bytes, size),
                  {}, "Try again");
    }
    pulled.files.push_back(target / file.path);
    if (hooks.progress) hooks.progress(++done, files->size());
  }
  fs::remove(target, code);  // an empty folder
  fs::rename(partial, target, code);
  if (code) {
    std::error_code ignored;
    fs::remove_all(partial, ignored);
    return fail(ErrorKind::kNotWritable, fmt::format("cannot be written: {}", code.message()),
                {target.string()}, "Name a folder that can be written");
  }
  return pulled;
}

}  // namespace tracking

namespace {

Expected<PulledModel> pull(tracking::Rest& rest, std::string_view model_uri, const fs::path& out,
                           const TrackingHooks& hooks) {
  const auto model = tracking::plain(tracking::resolve_model(rest, model_uri));
  if (!model) return tl::unexpected(model.error());
  return tracking::download_model(rest, *model, out, hooks);
}

}  // namespace

Expected<PulledModel> pull_model(const TrackingServer& server, std::string_view model_uri,
                                 const fs::path& out, const TrackingHooks& hooks) {
  tracking::Rest rest(server, hooks);
  return pull(rest, model_uri, out, hooks);
}

PulledReferenceModels pull_reference_models(const TrackingServer& server, const fs::path& out,
                                            const TrackingHooks& hooks) {
  tracking::Rest rest(server, hooks);
  PulledReferenceModels all;
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      const std::string name = fmt::format("{}_{}_model", to_string(kind), to_string(target));
      const auto champion = tracking::plain(tracking::champion_of(rest, name));
      const std::string which = champion && *champion ? "/" + (*champion)->version : "/latest";
      auto pulled = pull(rest, fmt::format("models:/{}{}", name, which),
                         out / to_string(kind) / to_string(target), hooks);
      if (pulled) {
        all.models.push_back(std::move(*pulled));
      } else {
        all.faults.emplace_back(name, std::move(pulled.error()));
      }
    }
  }
  return all;
}

}  // namespace joulecast
