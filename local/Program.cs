using System.CommandLine;
using Serverless.Local.CommandLine;
using Serverless.Local.Stack;

// No time limit: a stopping worker drains for as long as its own settings say.
return await StackCommand.Create(StackRunner.RunAsync).Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
