using Serverless.Local.CommandLine;
using Serverless.Local.Stack;

return await StackCommand.Create(StackRunner.RunAsync).Parse(args).InvokeAsync();
