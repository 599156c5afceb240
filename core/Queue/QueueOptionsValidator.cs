using Microsoft.Extensions.Options;

namespace Serverless.Core.Queue;

[OptionsValidator]
internal sealed partial class QueueOptionsValidator : IValidateOptions<QueueOptions>;
